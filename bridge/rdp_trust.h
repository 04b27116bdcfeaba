/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rdp_trust: whether an RDP server's certificate is to be believed. With a CA, it must have signed
 * it. Without one any is taken: RDP servers make their own and renew it, and whoever names no CA
 * trusts the network between gateway and desktop (docs/threat-model.md).
 */
#pragma once

#include <glib.h>

/* ca: PEM or NULL. pem: the server's certificate, or its chain, leaf first. */
gboolean rdp_trusted(const char *ca, const void *pem, gsize n);
