/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usable: what only shows when the gateway's options are used: a certificate that cannot be read,
 * an address that is none. Asked before they are: at the start, by --check, and when the
 * certificate's files have changed.
 */
#pragma once

#include "options.h"

/* *out_unstapled (NULL = nobody asks) is set if no OCSP answer can be stapled, which is no more
 * than a warning. FALSE with FAULT_CONFIG, or what server_tls_check() says. */
gboolean options_usable(const Options *options, GError **out_unstapled, GError **error);
