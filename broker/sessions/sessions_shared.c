/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sessions_shared: leases that come from another broker, and go to one. See sessions.h. */
#include "bridges/bridges.h"
#include "fault.h"
#include "gateways/gateway_link.h"
#include "log.h"
#include "sessions/sessions.h"
#include "store_session.h"
#include "upkeep/brokers.h"

#define CLAIMED_MAX 100000 /* gateways may say anything */

Lease *sessions_adopt(Core *core, const char *id, GError **error)
{
	Sessions *s = core->sessions;
	Lease *lease = g_hash_table_lookup(s->by_id, id);
	g_autoptr(StoreLease) row = NULL;

	if (lease)
		return lease;
	if (g_hash_table_contains(s->unwritten, id)) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "session '%s' has ended", id);
		return NULL;
	}
	row = store_lease(core->db, id, error);
	if (!row || !store_lease_take(core->db, id, brokers_name(core->brokers), error))
		return NULL;
	lease = lease_new_from_row(row);
	sessions_add(s, lease);
	return lease;
}

gboolean sessions_claim(Core *core, const char *id, gconstpointer connection)
{
	Sessions *s = core->sessions;
	gboolean known = g_hash_table_contains(s->by_id, id) ||
			 g_hash_table_contains(s->unwritten, id);
	g_autoptr(GError) why = NULL;
	Lease *lease = NULL;

	/* With a thousand others nobody asks for each of them. */
	if (known || g_hash_table_size(s->claimed) == 0)
		lease = sessions_adopt(core, id, &why);
	if (lease) {
		sessions_confirm(core, lease, connection);
		return TRUE;
	}
	if (g_error_matches(why, FAULT, FAULT_NOT_FOUND) ||
	    g_hash_table_size(s->claimed) >= CLAIMED_MAX)
		return FALSE;
	g_hash_table_insert(s->claimed, g_strdup(id), (gpointer)connection);
	return TRUE;
}

/* The next one; NULL = there is none. Under the lock. */
static char *next_claimed(Sessions *s, gconstpointer *out_connection)
{
	GHashTableIter iter;
	gpointer id, connection;

	g_hash_table_iter_init(&iter, s->claimed);
	if (!g_hash_table_iter_next(&iter, &id, &connection))
		return NULL;
	*out_connection = connection;
	return g_strdup(id);
}

/* FALSE: nobody can tell yet. *out_ended: it does not live (g_free). Under the lock. */
static gboolean look_claimed(Core *core, const char *id, gconstpointer connection, char **out_ended)
{
	g_autoptr(GError) why = NULL;
	Lease *lease = sessions_adopt(core, id, &why);

	if (lease)
		sessions_confirm(core, lease, connection);
	else if (g_error_matches(why, FAULT, FAULT_NOT_FOUND))
		*out_ended = g_strdup(id);
	else
		return FALSE;
	g_hash_table_remove(core->sessions->claimed, id);
	return TRUE;
}

gboolean sessions_look_claimed(Core *core)
{
	Sessions *s = core->sessions;

	for (;;) {
		g_autofree char *ended = NULL;
		g_autofree char *id = NULL;
		gconstpointer connection;
		gboolean looked;

		g_mutex_lock(&s->lock);
		id = next_claimed(s, &connection);
		looked = id && look_claimed(core, id, connection, &ended);
		g_mutex_unlock(&s->lock);
		if (ended)
			gateway_link_end(core->link, ended, FAULT_ENDED,
					 "the broker does not know this session");
		if (!looked)
			return id == NULL;
	}
}

void sessions_inherit(Core *core, const char *broker)
{
	g_autoptr(GPtrArray) rows = store_leases(core->db, broker, NULL);
	gint64 confirm_by = g_get_monotonic_time() + core->times.adopt * G_USEC_PER_SEC;

	for (guint i = 0; rows && i < rows->len; i++) {
		const StoreLease *row = rows->pdata[i];
		Lease *lease;

		g_mutex_lock(&core->sessions->lock);
		lease = sessions_adopt(core, row->id, NULL);
		if (lease && !lease->connection)
			lease->confirm_by = confirm_by;
		g_mutex_unlock(&core->sessions->lock);
	}
	sessions_audit_left(core, broker);
}

void sessions_forget(Core *core, const char *id)
{
	Sessions *s = core->sessions;
	Lease *lease;

	g_mutex_lock(&s->lock);
	lease = g_hash_table_lookup(s->by_id, id);
	if (lease) {
		sessions_take(s, lease);
		if (lease->bytes_in || lease->bytes_out)
			store_session_add_bytes(core->db, id, lease->bytes_in, lease->bytes_out,
						FALSE, NULL);
		lease_free(lease);
	}
	g_mutex_unlock(&s->lock);
	bridges_end(core->bridges, id);
}

/* Ended while we could not hear it. */
static gboolean has_ended(Core *core, const char *id)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreLease) row = store_lease(core->db, id, &error);

	return !row && g_error_matches(error, FAULT, FAULT_NOT_FOUND);
}

/* We were cut off for so long that another broker took it, but its gateway has been here
 * all along. */
static void take_back(Core *core, const char *id)
{
	Lease *lease;

	g_mutex_lock(&core->sessions->lock);
	lease = g_hash_table_lookup(core->sessions->by_id, id);
	if (lease && lease->connection)
		store_lease_take(core->db, id, brokers_name(core->brokers), NULL);
	g_mutex_unlock(&core->sessions->lock);
}

void sessions_resync(Core *core)
{
	g_autoptr(GPtrArray) ids = sessions_ids(core->sessions);

	for (guint i = 0; i < ids->len; i++) {
		const char *id = ids->pdata[i];

		if (!has_ended(core, id)) {
			take_back(core, id);
			continue;
		}
		sessions_forget(core, id);
		gateway_link_end(core->link, id, FAULT_ENDED, "ended");
	}
}
