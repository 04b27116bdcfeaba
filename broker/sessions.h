/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sessions: the table of live leases, for sessions.c (how they end) and session.c (how they begin
 * and what happens in between). The table and the store change together, under its lock. */
#pragma once

#include "lease.h"

struct Sessions {
	GMutex lock;
	GHashTable *by_id;      /* id -> Lease, the owner */
	GHashTable *by_client;  /* client_id -> Lease     */
	GHashTable *by_desktop; /* desktop id -> Lease    */
};

/* All under the lock. */
void sessions_add(Sessions *sessions, Lease *lease); /* takes it */
Lease *sessions_take(Sessions *sessions, Lease *lease); /* out of the table: the caller's */
/* Row and audit of an end, inside the caller's transaction. */
gboolean sessions_record_end(Core *core, const Lease *lease, const char *reason, GError **error);
