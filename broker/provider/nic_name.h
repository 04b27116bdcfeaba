/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nic_name: what a bridge may be called: the broker's rule for what an admin writes, and
 * oriel-nic's for what the broker says. */
#pragma once

#include <glib.h>

/* As the kernel has it, and nothing that a program could take for an option or a path. */
gboolean nic_name_ok(const char *name);
