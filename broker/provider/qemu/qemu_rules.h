/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_rules: what a desktop's QEMU may still use of this machine. Of files, by Landlock: a
 * directory of its own, its image to read, KVM, and what programs need. Of sockets: Unix ones that
 * it serves; it cannot dial. A guest that broke out of its QEMU has the broker's user id; these
 * rules keep it from the broker's database and admin socket, from other desktops' disks, displays
 * and monitors, from the network, and from looking into any process or signalling it.
 */
#pragma once

#include "landlock.h"
#include "provider.h"
#include "syscalls.h"

typedef struct {
	int files; /* as landlock_new() has it; owned */
	struct sock_fprog calls;
} QemuRules;

/* `dir` is all that it may write to, `state` a directory that holds those of others and is never
 * opened as a whole. template: the directory of what it was cloned from, to read; may be NULL.
 * FAULT_CONFIG, FAULT_BUG. */
QemuRules *qemu_rules_new(const char *dir, const char *state, const char *template,
			  const ProviderImage *image, GError **error);

void qemu_rules_free(QemuRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuRules, qemu_rules_free)

/* For good. `files` is the descriptor's number now. Good between fork and exec: system calls and no
 * more. FALSE: errno says why. */
gboolean qemu_rules_enter(const QemuRules *rules, int files);
