/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qmp: a client of QEMU's machine protocol (QEMU, docs/interop/qmp-spec.rst): one JSON object per
 * line. Blocking, every call with a deadline (g_get_monotonic_time()). A monitor serves one client
 * at a time, so connections are short: open, execute, free. Events that come in between are read
 * and dropped: that a desktop has ended is told by its process, not by its own words.
 *
 * Errors: FAULT_DESKTOP (QEMU refuses, hangs up or speaks nonsense), FAULT_TIMEOUT.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#define QMP_MAX (1024 * 1024) /* bytes of one message */

typedef struct Qmp Qmp;

/* Reads the greeting and leaves the negotiation mode. Takes the connected descriptor, in any
 * case. NULL on error. */
Qmp *qmp_new(int fd, gint64 deadline, GError **error);
/* The same on the monitor that listens at the path. */
Qmp *qmp_open(const char *path, gint64 deadline, GError **error);
void qmp_free(Qmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_free)

/*
 * Runs a command; arguments (taken; NULL = none) must be an object. Returns what QEMU returned
 * (json_decref() it) or NULL. After FAULT_TIMEOUT the next call may follow: a late answer is told
 * by its id and dropped.
 */
json_t *qmp_execute(Qmp *qmp, const char *command, json_t *arguments, gint64 deadline,
		    GError **error);

/* The same for a command whose answer says no more than that it was done. */
gboolean qmp_order(Qmp *qmp, const char *command, json_t *arguments, gint64 deadline,
		   GError **error);

/* Gives QEMU a file, known to it under this name as long as the connection stands. The caller keeps
 * his own descriptor. */
gboolean qmp_give_file(Qmp *qmp, const char *name, int fd, gint64 deadline, GError **error);
