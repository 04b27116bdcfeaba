/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * leases: a worker's sessions by their leases: one, or the channels of a SPICE viewer that are
 * here. The broker tells every worker of each lease that ends, most of which are none of its own:
 * to look at ten thousand sessions for each takes half a millisecond or more. A table of the first
 * of each lease, from which the others hang: thirty bytes for a session.
 */
#pragma once

#include "session/session.h"

typedef GHashTable Leases;

Leases *leases_new(void); /* g_hash_table_unref() */

/* By the lease that it has: before that changes it is removed. */
void leases_add(Leases *leases, Session *session);
void leases_remove(Leases *leases, Session *session);

/* Those that have it now; an array of the caller's. */
GPtrArray *leases_find(Leases *leases, const char *lease);
