/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_process: a desktop's QEMU as a process: started so that it outlives the broker, and found
 * again by whoever comes next.
 *
 * Whether it lives is told by a lock (fcntl(2), open file description) on DIR/alive, which QEMU
 * inherits and the kernel drops when it is gone, however it went. The file holds the process id,
 * written by the process itself before it becomes QEMU. So no process id is believed without the
 * lock, and none is signalled but through a pidfd.
 */
#pragma once

#include "qemu_rules.h"

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

/* A pidfd (pidfd_open(2)) of the QEMU that runs in DIR for this desktop, or -1 if none does. */
int qemu_process_find(const char *dir, const char *desktop_id);

/* Waits for its end. */
gboolean qemu_process_wait(int pidfd, gint64 deadline);

/* SIGKILL, and waits for its end, a few seconds. FAULT_DESKTOP if it does not even obey that. */
gboolean qemu_process_kill(int pidfd, GError **error);

/* The last words in DIR/qemu.log (g_free), one line. */
char *qemu_process_last_words(const char *dir);
