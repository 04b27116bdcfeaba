/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sessions_audit: the last line of each session in the audit log (sessions.h). A gateway's report
 * has the bytes that belong there, and comes after the end, or never. */
#include "sessions/sessions.h"

#include "admin/audit.h"
#include "log.h"
#include "store_session.h"

#define REPORT_WAIT (10 * G_USEC_PER_SEC)
#define AGAIN_WAIT  (2 * G_USEC_PER_SEC) /* gateways come back after half a second */

/* A broker was killed before the end of this one was in the audit log. Its gateway may tell its
 * bytes again first. */
static Lease *unaudited(const SessionView *view)
{
	Lease *lease = g_new0(Lease, 1);

	lease->id = g_strdup(view->id);
	lease->user = g_strdup(view->user);
	lease->desktop = g_strdup(view->desktop_id);
	lease->peer = g_strdup(view->peer);
	lease->reason = g_strdup(view->reason);
	lease->bytes_in = view->bytes_in;
	lease->bytes_out = view->bytes_out;
	lease->milliseconds = (guint64)MAX(view->ended_at - view->started_at, 0) * 1000;
	lease->confirm_by = g_get_monotonic_time() + AGAIN_WAIT;
	return lease;
}

gboolean sessions_audit_later(Core *core, Sessions *s, const char *broker, GError **error)
{
	g_autoptr(GPtrArray) over = store_sessions_unaudited(core->db, broker, error);

	for (guint i = 0; over && i < over->len; i++) {
		Lease *lease = unaudited(over->pdata[i]);

		if (!g_hash_table_contains(s->late, lease->id))
			g_hash_table_insert(s->late, lease->id, lease);
		else
			lease_free(lease);
	}
	return over != NULL;
}

void sessions_audit_left(Core *core, const char *broker)
{
	g_autoptr(GError) error = NULL;

	g_mutex_lock(&core->sessions->lock);
	if (!sessions_audit_later(core, core->sessions, broker, &error))
		log_error(NULL, "sessions that ended at broker %s: %s", broker, error->message);
	g_mutex_unlock(&core->sessions->lock);
}

/* Once, whichever broker comes to it: the mark and the line are one transaction. */
static gboolean add_end(Core *core, const Lease *lease, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);
	gint64 first = tx.db ? store_session_audit(core->db, lease->id, error) : -1;

	if (first <= 0)
		return first == 0;
	return audit_add(core,
			 &(AuditEntry){
				 .event = "session-end",
				 .user = lease->user,
				 .peer = lease->peer,
				 .desktop = lease->desktop,
				 .session = lease->id,
				 .detail = lease->reason,
				 .bytes_in = lease->bytes_in,
				 .bytes_out = lease->bytes_out,
				 .milliseconds = lease->milliseconds,
			 },
			 error) &&
	       db_commit(&tx, error);
}

void sessions_audit_end(Core *core, const Lease *lease)
{
	g_autoptr(GError) error = NULL;

	if (!add_end(core, lease, &error))
		log_error(NULL, "session %s: its end is not in the audit log yet: %s", lease->id,
			  error->message);
}

void sessions_audit_await(Sessions *s, Lease *lease)
{
	lease->confirm_by = g_get_monotonic_time() + REPORT_WAIT;
	g_hash_table_replace(s->late, lease->id, lease); /* which has its own key */
}

/* For a lease whose end waits for the store: it has its bytes when it is written. */
static gboolean report_to_unwritten(Sessions *s, const ControlMessage *notice, gboolean last)
{
	gboolean counted;
	Lease *lease;

	g_mutex_lock(&s->lock);
	lease = g_hash_table_lookup(s->unwritten, notice->lease);
	/* Nobody has answered it, so that a gateway that comes back says it again. */
	counted = lease && notice->again && lease->bytes_in >= notice->bytes_in &&
		  lease->bytes_out >= notice->bytes_out;
	if (lease && !counted) {
		lease->bytes_in += notice->bytes_in;
		lease->bytes_out += notice->bytes_out;
	}
	if (lease)
		lease->reported = lease->reported || last;
	g_mutex_unlock(&s->lock);
	return lease != NULL;
}

void sessions_late_report(Core *core, const ControlMessage *notice, gboolean last)
{
	Sessions *s = core->sessions;
	g_autoptr(GError) error = NULL;
	gint64 added;
	Lease *lease;

	if (report_to_unwritten(s, notice, last))
		return;
	added = store_session_add_bytes(core->db, notice->lease, notice->bytes_in,
					notice->bytes_out, notice->again, &error);
	if (added < 0)
		log_error(NULL, "session %s: %s", notice->lease, error->message);
	g_mutex_lock(&s->lock);
	lease = g_hash_table_lookup(s->late, notice->lease);
	if (lease && added > 0) {
		lease->bytes_in += notice->bytes_in;
		lease->bytes_out += notice->bytes_out;
	}
	if (lease && last) {
		sessions_audit_end(core, lease);
		g_hash_table_remove(s->late, notice->lease);
	}
	g_mutex_unlock(&s->lock);
}

void sessions_audit_give_up(Core *core, gint64 now)
{
	GHashTableIter iter;
	gpointer lease;

	g_hash_table_iter_init(&iter, core->sessions->late);
	while (g_hash_table_iter_next(&iter, NULL, &lease)) {
		if (((Lease *)lease)->confirm_by > now)
			continue;
		sessions_audit_end(core, lease);
		g_hash_table_iter_remove(&iter);
	}
}
