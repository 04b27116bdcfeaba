/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sessions: the table of live leases, for sessions.c (how they end), sessions_audit.c (what is
 * written of that), sessions_shared.c (those of other brokers) and session.c (how they begin and
 * what happens in between). The table and the store change together, under its lock. */
#pragma once

#include "sessions/lease.h"

struct Sessions {
	GMutex lock;
	GHashTable *by_id;     /* id -> Lease, the owner */
	GHashTable *late;      /* id -> Lease: ended by the broker, the bytes are still to come */
	GHashTable *unwritten; /* id -> Lease: ended, but the store did not take it yet */
	GHashTable *claimed;   /* id -> connection of a gateway that has it, while nobody could
				  look whether it lives */
};

/* All under the lock. */
void sessions_add(Sessions *sessions, Lease *lease);    /* takes it */
Lease *sessions_take(Sessions *sessions, Lease *lease); /* out of the table: the caller's */
/* The lease, which becomes ours to watch over if it was another broker's. FAULT_NOT_FOUND: it does
 * not live. */
Lease *sessions_adopt(Core *core, const char *id, GError **error);
/* The first picture of a session goes to the books, or stays unrecorded. */
void sessions_record_start(Core *core, Lease *lease);
/* A gateway has it, with its picture. */
void sessions_confirm(Core *core, Lease *lease, gconstpointer connection);
/* The same of one that may be another broker's. While the database cannot be asked whose it is, or
 * whether it lives, that waits. FALSE: it does not live. */
gboolean sessions_claim(Core *core, const char *id, gconstpointer connection);
/* Takes a lease that is out of the table and recorded as ended. Its line in the audit log waits a
 * little for the gateway's report, which has the bytes. */
void sessions_await_report(Core *core, Lease *lease, const char *reason);

/* Its last line goes to the audit log, now. */
void sessions_audit_end(Core *core, const Lease *lease);
/* Takes a lease that is in no table: its last line waits a little for its gateway's report. */
void sessions_audit_await(Sessions *sessions, Lease *lease);
/* Those whose report has not come by then (monotonic) wait no longer. */
void sessions_audit_give_up(Core *core, gint64 now);
/* Those that ended at that broker (NULL = any), and have no such line yet, wait for their reports.
 * Also before the table is the core's. */
gboolean sessions_audit_later(Core *core, Sessions *sessions, const char *broker, GError **error);

/* ---- not under the lock */

/* Its gateway says when its person was active. FALSE: we have none of that id. */
gboolean sessions_heard(Sessions *sessions, const char *id);
/* Since when we have one of which its gateway has not said that, s since 1970; 0 = it has, or it
 * began here. Who was active while no broker was there is not in the books. */
gint64 sessions_unheard(Sessions *sessions, const char *id);
GPtrArray *sessions_ids(Sessions *sessions); /* of char * */
/* Those that were claimed meanwhile are ours, or their gateways are told that they have ended.
 * FALSE: they go on waiting. */
gboolean sessions_look_claimed(Core *core);
/* All of a broker that is gone become ours, and wait for their gateways. */
void sessions_inherit(Core *core, const char *broker);
/* The ends that it had no time to put into the audit log go there. */
void sessions_audit_left(Core *core, const char *broker);
/* It ended at another broker. */
void sessions_forget(Core *core, const char *id);
/* After a time in which we heard nothing: forgets those that have ended meanwhile and tells the
 * gateways; those whose gateways are linked to us are ours. */
void sessions_resync(Core *core);

/* Every gateway, whichever broker it is linked to, closes its connections. */
void sessions_tell_end(Core *core, const char *id, Fault code, const char *reason);
/* Its gateway says that it has ended, and its bytes are known. FALSE: there is none. */
gboolean sessions_end_reported(Core *core, const char *lease, Fault code, const char *reason);
/* A report for a session that ended before: its bytes, and its end in the audit if it was
 * the last. */
void sessions_late_report(Core *core, const ControlMessage *notice, gboolean last);
