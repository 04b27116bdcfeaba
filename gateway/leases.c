/* SPDX-License-Identifier: GPL-3.0-or-later */
/* leases: see leases.h. */
#include "leases.h"

static guint lease_hash(gconstpointer session)
{
	return g_str_hash(((const Session *)session)->lease);
}

static gboolean lease_equal(gconstpointer a, gconstpointer b)
{
	return g_str_equal(((const Session *)a)->lease, ((const Session *)b)->lease);
}

Leases *leases_new(void)
{
	return g_hash_table_new(lease_hash, lease_equal);
}

void leases_add(Leases *leases, Session *session)
{
	Session *first = g_hash_table_lookup(leases, session);

	if (first == NULL) {
		session->same_lease = NULL;
		g_hash_table_add(leases, session);
		return;
	}
	session->same_lease = first->same_lease;
	first->same_lease = session;
}

void leases_remove(Leases *leases, Session *session)
{
	Session *first = g_hash_table_lookup(leases, session), *at;

	if (first == session) {
		g_hash_table_remove(leases, session);
		if (session->same_lease != NULL)
			g_hash_table_add(leases, session->same_lease);
		return;
	}
	for (at = first; at->same_lease != session; at = at->same_lease)
		;
	at->same_lease = session->same_lease;
}

GPtrArray *leases_find(Leases *leases, const char *lease)
{
	const Session wanted = {.lease = (char *)lease};
	GPtrArray *all = g_ptr_array_new();

	for (Session *s = g_hash_table_lookup(leases, &wanted); s != NULL; s = s->same_lease)
		g_ptr_array_add(all, s);
	return all;
}
