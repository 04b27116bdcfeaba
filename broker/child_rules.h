/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child_rules: what a program of ours that reads what strangers send may use of this machine
 * (child.h): programs, libraries and fonts to read, a bounded memory, Unix sockets that it was
 * given. As provider/qemu/qemu_rules.h for QEMUs; what the program gives up itself comes on top.
 */
#pragma once

#include <glib.h>

#include "syscalls.h"

typedef struct {
	int files; /* as landlock_new() has it; owned */
	struct sock_fprog calls;
} ChildRules;

/* program: its path. Fills *rules ({.files = -1}). FAULT_BUG. */
gboolean child_rules_make(ChildRules *rules, const char *program, GError **error);
void child_rules_clear(ChildRules *rules);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ChildRules, child_rules_clear)

/* For good. `files` is the descriptor's number now. Good between fork and exec: system calls and no
 * more. FALSE: errno says why. */
gboolean child_rules_enter(const ChildRules *rules, int files);
