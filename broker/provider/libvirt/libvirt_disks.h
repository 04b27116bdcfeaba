/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_disks: the hard disks of a definition whose hypervisor makes no overlays, so that they
 * are the template's own. What somebody leaves there must not come before the eyes of the next.
 * Pure text.
 */
#pragma once

#include <glib.h>

/* Each forgets what was written to it (<transient/>) or cannot be written to. FAULT_CONFIG names
 * the one that does not. */
gboolean libvirt_disks_check(const char *xml, GError **error);
