/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_process: a desktop's QEMU as a process: started so that it outlives the broker, and found
 * again by whoever comes next.
 *
 * DIR/alive says which process it is, in the kernel's own words (/proc/self/stat, with the id of
 * this boot), written by the process itself before it becomes QEMU, which cannot write there any
 * more: what it holds of the file is for reading. No process id is believed unless the process
 * began when it says, and none is signalled but through a pidfd. A lock on the file (fcntl(2), open
 * file description), which QEMU inherits, keeps a second one from being started beside one that is
 * on its way.
 */
#pragma once

#include "qemu/qemu_rules.h"

/* What QEMU inherits, under these numbers; -1 = nothing. The caller keeps and closes its own. */
typedef struct {
	int monitor;
	int memory;
	int nic;
} QemuProcessFiles;
enum { QEMU_PROCESS_MONITOR = 3, QEMU_PROCESS_MEMORY = 6, QEMU_PROCESS_NIC = 7 };

/*
 * Starts argv in DIR, in a session of its own, with standard output and error in DIR/qemu.log
 * (emptied), under the rules. FAULT_BUSY if one already runs; FAULT_CONFIG if it cannot be started.
 */
gboolean qemu_process_start(const char *dir, GStrv argv, const QemuProcessFiles *files,
			    const QemuRules *rules, GError **error);

/* A pidfd (pidfd_open(2)) of the QEMU that runs in DIR, or -1 if none does. */
int qemu_process_find(const char *dir);

/* Waits for its end. */
gboolean qemu_process_wait(int pidfd, gint64 deadline);

/* SIGKILL, and waits for its end, a few seconds. FAULT_DESKTOP if it does not even obey that. */
gboolean qemu_process_kill(int pidfd, GError **error);

/* The last words in DIR/qemu.log (g_free), one line. */
char *qemu_process_last_words(const char *dir);
