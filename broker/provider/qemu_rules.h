/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_rules: what a desktop's QEMU may use of this machine's files, as Landlock rules: its own
 * directory, its image to read, KVM, and what programs need. A guest that broke out of its QEMU
 * has the broker's user id; these rules keep it from the broker's database, from other desktops'
 * disks, and from looking into any process or signalling it.
 */
#pragma once

#include "landlock.h"
#include "provider.h"

/* `dir` is the desktop's own directory, `state` one that holds those of others and is never opened
 * as a whole. *out_rules as landlock_new() has it. FAULT_CONFIG, FAULT_BUG. */
gboolean qemu_rules_new(const char *dir, const char *state, const ProviderImage *image,
			int *out_rules, GError **error);
