/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sessions: see sessions.h and session.h. */
#include "sessions.h"

#include "audit.h"
#include "fault.h"
#include "gateway_link.h"
#include "log.h"
#include "maintainer.h"
#include "store_desktop.h"
#include "store_session.h"
#include "store_ticket.h"

#define REPORT_WAIT (10 * G_USEC_PER_SEC)

void sessions_add(Sessions *s, Lease *lease)
{
	g_hash_table_insert(s->by_id, lease->id, lease);
	g_hash_table_insert(s->by_desktop, lease->desktop, lease);
	if (lease->client_id)
		g_hash_table_insert(s->by_client, GUINT_TO_POINTER(lease->client_id), lease);
}

Lease *sessions_take(Sessions *s, Lease *lease)
{
	g_hash_table_remove(s->by_client, GUINT_TO_POINTER(lease->client_id));
	if (g_hash_table_lookup(s->by_desktop, lease->desktop) == lease)
		g_hash_table_remove(s->by_desktop, lease->desktop);
	g_hash_table_steal(s->by_id, lease->id);
	return lease;
}

static void lease_destroy(gpointer lease)
{
	lease_free(lease);
}

Sessions *sessions_new(Core *core, GError **error)
{
	g_autoptr(GPtrArray) rows = store_sessions(core->db, NULL, TRUE, 0, error);
	gint64 confirm_by = g_get_monotonic_time() + core->times.adopt * G_USEC_PER_SEC;
	Sessions *s;

	if (!rows)
		return NULL;
	s = g_new0(Sessions, 1);
	g_mutex_init(&s->lock);
	s->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lease_destroy);
	s->by_client = g_hash_table_new(NULL, NULL);
	s->by_desktop = g_hash_table_new(g_str_hash, g_str_equal);
	s->late = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lease_destroy);
	for (guint i = 0; i < rows->len; i++) {
		Lease *lease = lease_new_from_row(rows->pdata[i]);

		lease->confirm_by = confirm_by;
		sessions_add(s, lease);
	}
	return s;
}

gboolean sessions_has_desktop(Core *core, const char *desktop_id)
{
	Sessions *s = core->sessions;
	gboolean has;

	g_mutex_lock(&s->lock);
	has = g_hash_table_contains(s->by_desktop, desktop_id);
	g_mutex_unlock(&s->lock);
	return has;
}

/* ---- the end */

gboolean sessions_record_end(Core *core, const Lease *lease, const char *reason, GError **error)
{
	return store_session_end(core->db, lease->id, reason, core_now(), lease->bytes_in,
		lease->bytes_out, error);
}

static void audit_end(Core *core, const Lease *lease)
{
	audit_note(core, &(AuditEntry){
				 .event = "session-end",
				 .user = lease->user,
				 .peer = lease->peer,
				 .desktop = lease->desktop,
				 .session = lease->id,
				 .detail = lease->reason,
				 .bytes_in = lease->bytes_in,
				 .bytes_out = lease->bytes_out,
				 .milliseconds = lease->milliseconds,
			 });
}

static void note_reason(Lease *lease, const char *reason)
{
	lease->reason = g_strdup(reason);
	lease->milliseconds = (guint64)(g_get_monotonic_time() - lease->began) / 1000;
}

void sessions_await_report(Core *core, Lease *lease, const char *reason)
{
	note_reason(lease, reason);
	lease->confirm_by = g_get_monotonic_time() + REPORT_WAIT;
	g_hash_table_insert(core->sessions->late, lease->id, lease);
}

void sessions_late_report(Core *core, const ControlMessage *notice, gboolean last)
{
	Sessions *s = core->sessions;
	g_autoptr(GError) error = NULL;
	Lease *lease;

	if (!store_session_add_bytes(core->db, notice->lease, notice->bytes_in, notice->bytes_out,
		    &error))
		log_error(NULL, "session %s: %s", notice->lease, error->message);
	g_mutex_lock(&s->lock);
	lease = g_hash_table_lookup(s->late, notice->lease);
	if (lease) {
		lease->bytes_in += notice->bytes_in;
		lease->bytes_out += notice->bytes_out;
	}
	if (lease && last) {
		audit_end(core, lease);
		g_hash_table_remove(s->late, notice->lease);
	}
	g_mutex_unlock(&s->lock);
}

/* Those whose report has not come by now. Under the lock. */
static void give_up_reports(Core *core, gint64 now)
{
	GHashTableIter iter;
	gpointer lease;

	g_hash_table_iter_init(&iter, core->sessions->late);
	while (g_hash_table_iter_next(&iter, NULL, &lease)) {
		if (((Lease *)lease)->confirm_by > now)
			continue;
		audit_end(core, lease);
		g_hash_table_iter_remove(&iter);
	}
}

void sessions_free(Core *core)
{
	Sessions *s = core->sessions;

	if (!s)
		return;
	give_up_reports(core, G_MAXINT64);
	g_hash_table_destroy(s->late);
	g_hash_table_destroy(s->by_client);
	g_hash_table_destroy(s->by_desktop);
	g_hash_table_destroy(s->by_id);
	g_mutex_clear(&s->lock);
	g_free(s);
}

/* The desktop is held for its person through the grace, or as long as a ticket for it is good. */
static gboolean record_leave(Core *core, const Lease *lease, GError **error)
{
	gint64 now = core_now();
	gint64 ticket = 0;

	return store_ticket_latest(core->db, lease->desktop, now, &ticket, error) &&
	       store_desktop_leave(core->db, lease->desktop,
		       MAX(now + core->times.grace, ticket), error);
}

static gboolean record_all(Core *core, const Lease *lease, const char *reason, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);

	return tx.db && sessions_record_end(core, lease, reason, error) &&
	       record_leave(core, lease, error) && db_commit(&tx, error);
}

/* Under the lock; takes the lease. */
static void end_lease(Core *core, Lease *indexed, const char *reason, gboolean reported)
{
	Lease *lease = sessions_take(core->sessions, indexed);
	g_autoptr(GError) error = NULL;
	LogContext context = {.session = lease->id, .user = lease->user, .peer = lease->peer,
		.desktop = lease->desktop_name};

	if (!record_all(core, lease, reason, &error))
		log_error(&context, "the end of the session is not written down: %s",
			error->message);
	else
		log_info(&context, "session ended: %s", reason);
	if (!reported) {
		sessions_await_report(core, lease, reason);
		return;
	}
	note_reason(lease, reason);
	audit_end(core, lease);
	lease_free(lease);
}

gboolean sessions_end(Core *core, const char *id, Fault code, const char *reason, gboolean reported)
{
	Sessions *s = core->sessions;
	Lease *lease;

	g_mutex_lock(&s->lock);
	lease = g_hash_table_lookup(s->by_id, id);
	if (lease)
		end_lease(core, lease, reason, reported);
	g_mutex_unlock(&s->lock);
	if (!lease)
		return FALSE;
	gateway_link_end(core->link, id, code, reason);
	maintainer_wake(core->maintainer);
	return TRUE;
}

gboolean session_end(Core *core, const char *id, Fault code, const char *reason)
{
	return sessions_end(core, id, code, reason, FALSE);
}

/* The ids of the leases for which `match` holds. */
static GPtrArray *collect(Sessions *s, gboolean (*match)(const Lease *, gconstpointer),
	gconstpointer data)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer lease;

	g_mutex_lock(&s->lock);
	g_hash_table_iter_init(&iter, s->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &lease)) {
		if (match(lease, data))
			g_ptr_array_add(ids, g_strdup(((Lease *)lease)->id));
	}
	g_mutex_unlock(&s->lock);
	return ids;
}

static gboolean on_desktop(const Lease *lease, gconstpointer desktop)
{
	return g_str_equal(lease->desktop, desktop);
}

static gboolean of_connection(const Lease *lease, gconstpointer connection)
{
	return lease->connection == connection;
}

static gboolean unconfirmed_at(const Lease *lease, gconstpointer now)
{
	return lease->confirm_by && lease->confirm_by <= *(const gint64 *)now;
}

void sessions_end_desktop(Core *core, const char *desktop_id, const char *reason)
{
	g_autoptr(GPtrArray) ids = collect(core->sessions, on_desktop, desktop_id);

	for (guint i = 0; i < ids->len; i++)
		session_end(core, ids->pdata[i], FAULT_ENDED, reason);
}

void sessions_gateway_gone(Core *core, const Asker *asker)
{
	g_autoptr(GPtrArray) ids = collect(core->sessions, of_connection, asker->connection);

	for (guint i = 0; i < ids->len; i++)
		sessions_end(core, ids->pdata[i], FAULT_ENDED, "gateway process ended", TRUE);
}

void sessions_expire(Core *core, gint64 *due)
{
	Sessions *s = core->sessions;
	gint64 now = g_get_monotonic_time();
	g_autoptr(GPtrArray) ids = collect(s, unconfirmed_at, &now);
	GHashTableIter iter;
	gpointer lease;

	for (guint i = 0; i < ids->len; i++)
		session_end(core, ids->pdata[i], FAULT_TIMEOUT, "its gateway did not confirm it");
	g_mutex_lock(&s->lock);
	give_up_reports(core, now);
	g_hash_table_iter_init(&iter, s->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &lease)) {
		if (((Lease *)lease)->confirm_by)
			*due = MIN(*due, ((Lease *)lease)->confirm_by);
	}
	if (g_hash_table_size(s->late) > 0)
		*due = MIN(*due, now + REPORT_WAIT);
	g_mutex_unlock(&s->lock);
}
