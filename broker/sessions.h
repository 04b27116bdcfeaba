/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sessions: the table of live leases, for sessions.c (how they end) and session.c (how they begin
 * and what happens in between). The table and the store change together, under its lock. */
#pragma once

#include "lease.h"

struct Sessions {
	GMutex lock;
	GHashTable *by_id;     /* id -> Lease, the owner */
	GHashTable *late;      /* id -> Lease: ended by the broker, the bytes are still to come */
	GHashTable *unwritten; /* id -> Lease: ended, but the store did not take it yet */
};

/* All under the lock. */
void sessions_add(Sessions *sessions, Lease *lease); /* takes it */
Lease *sessions_take(Sessions *sessions, Lease *lease); /* out of the table: the caller's */
/* Takes a lease that is out of the table and recorded as ended. Its line in the audit log waits a
 * little for the gateway's report, which has the bytes. */
void sessions_await_report(Core *core, Lease *lease, const char *reason);

/* Not under the lock. reported: by its gateway, so the bytes are known. FALSE: there is none. */
gboolean sessions_end(Core *core, const char *lease, Fault code, const char *reason,
	gboolean reported);
/* A report for a session that ended before: its bytes, and its end in the audit if it was the last.
 */
void sessions_late_report(Core *core, const ControlMessage *notice, gboolean last);
