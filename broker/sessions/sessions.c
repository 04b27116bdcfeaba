/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sessions: see sessions.h and session.h. */
#include "sessions/sessions.h"

#include "bridges/bridges.h"
#include "fault.h"
#include "gateways/gateway_link.h"
#include "lobbies/lobbies.h"
#include "log.h"
#include "store_session.h"
#include "store_ticket.h"
#include "upkeep/brokers.h"
#include "upkeep/maintainer.h"

#define WRITE_AGAIN (2 * G_USEC_PER_SEC) /* between two tries to write down what ended */

void sessions_add(Sessions *s, Lease *lease)
{
	g_hash_table_insert(s->by_id, lease->id, lease);
}

Lease *sessions_take(Sessions *s, Lease *lease)
{
	g_hash_table_steal(s->by_id, lease->id);
	return lease;
}

static void lease_destroy(gpointer lease)
{
	lease_free(lease);
}

Sessions *sessions_new(Core *core, GError **error)
{
	/* Alone, all are ours, whatever we were called before. */
	const char *broker = db_shared(core->db) ? brokers_name(core->brokers) : NULL;
	g_autoptr(GPtrArray) rows = store_leases(core->db, broker, error);
	gint64 confirm_by = g_get_monotonic_time() + core->times.adopt * G_USEC_PER_SEC;
	Sessions *s;

	if (!rows)
		return NULL;
	s = g_new0(Sessions, 1);
	g_mutex_init(&s->lock);
	s->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lease_destroy);
	s->late = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lease_destroy);
	s->unwritten = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lease_destroy);
	s->claimed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < rows->len; i++) {
		const StoreLease *row = rows->pdata[i];
		Lease *lease = lease_new_from_row(row);

		lease->confirm_by = confirm_by;
		sessions_add(s, lease);
	}
	if (!sessions_audit_later(core, s, broker, error)) {
		core->sessions = s;
		sessions_free(core);
		return core->sessions = NULL;
	}
	return s;
}

/* ---- the end */

static void note_reason(Lease *lease, const char *reason)
{
	lease->reason = g_strdup(reason);
	lease->milliseconds = (guint64)(g_get_monotonic_time() - lease->began) / 1000;
}

void sessions_await_report(Core *core, Lease *lease, const char *reason)
{
	note_reason(lease, reason);
	sessions_audit_await(core->sessions, lease);
}

/* What comes of it is the plan's; it stays held as long as a ticket for it is good. */
static gboolean record_leave(Core *core, const Lease *lease, GError **error)
{
	gint64 now = core_now();
	gint64 ticket = 0;

	return store_ticket_latest(core->db, lease->desktop, now, &ticket, error) &&
	       plan_leave(core, lease->desktop, lease->event, ticket, error);
}

/* Somebody may have the desktop by now, if the store was late: then it is not left. 0: the lease
 * has ended before, or is another broker's; -1 on error. */
static gint64 record_all(Core *core, const Lease *lease, GError **error)
{
	const char *broker = lease->ours_only ? brokers_name(core->brokers) : NULL;
	g_auto(DbTransaction) tx = db_begin(core->db, error);
	g_autoptr(StoreLease) other = NULL;
	gint64 ended;

	if (!tx.db)
		return -1;
	ended = store_session_end(core->db, lease->id, broker, lease->reason, core_now(),
				  lease->bytes_in, lease->bytes_out, error);
	if (ended <= 0)
		return ended;
	if (!store_lease_of_desktop(core->db, lease->desktop, &other, error) ||
	    (!other && !record_leave(core, lease, error)) || !db_commit(&tx, error))
		return -1;
	return ended;
}

/* It has ended before: it was taken over while its end waited for the store, or ended at another
 * broker. Its row is to have these bytes, too. 0: it lives on at another broker; -1 on error. */
static gint64 add_to_end(Core *core, const Lease *lease, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(StoreLease) live = store_lease(core->db, lease->id, &why);

	if (live)
		return 0;
	if (g_error_matches(why, FAULT, FAULT_NOT_FOUND))
		return store_session_add_bytes(core->db, lease->id, lease->bytes_in,
					       lease->bytes_out, FALSE, error);
	g_propagate_error(error, g_steal_pointer(&why));
	return -1;
}

/* Under the lock; takes a lease that is in no table. As record_all(); on error it still is
 * in none. */
static gint64 write_down(Core *core, Lease *lease, GError **error)
{
	gint64 ended, over;
	LogContext context = {.session = lease->id,
			      .user = lease->user,
			      .peer = lease->peer,
			      .desktop = lease->desktop_name};

	ended = over = record_all(core, lease, error);
	if (ended == 0)
		over = add_to_end(core, lease, error);
	if (over < 0)
		return -1;
	if (ended > 0)
		log_info(&context, "session ended: %s", lease->reason);
	if (over > 0 && !lease->reported) {
		sessions_audit_await(core->sessions, lease);
		return ended;
	}
	if (over > 0)
		sessions_audit_end(core, lease);
	lease_free(lease);
	return ended;
}

/* Under the lock; takes the lease. A store that cannot take the end now (no room on the disk) gets
 * it later: until then the books call it live, but nobody has the desktop. FALSE: it has not ended,
 * but is another broker's. */
static gboolean end_lease(Core *core, Lease *indexed, const char *reason)
{
	Lease *lease = sessions_take(core->sessions, indexed);
	g_autoptr(GError) error = NULL;
	gint64 ended;

	note_reason(lease, reason);
	ended = write_down(core, lease, &error);
	if (ended >= 0)
		return ended > 0;
	if (g_hash_table_size(core->sessions->unwritten) == 0)
		log_error(NULL, "ends of sessions wait to be written down: %s", error->message);
	g_hash_table_insert(core->sessions->unwritten, lease->id, lease);
	return TRUE;
}

/* Under the lock; until one cannot be written again. */
static void write_again(Core *core)
{
	GHashTable *unwritten = core->sessions->unwritten;
	GHashTableIter iter;
	gpointer id, lease;

	while (g_hash_table_iter_init(&iter, unwritten),
	       g_hash_table_iter_next(&iter, &id, &lease)) {
		g_hash_table_steal(unwritten, id);
		if (write_down(core, lease, NULL) < 0) {
			g_hash_table_insert(unwritten, ((Lease *)lease)->id, lease);
			return;
		}
	}
}

void sessions_free(Core *core)
{
	Sessions *s = core->sessions;

	if (!s)
		return;
	write_again(core);
	sessions_audit_give_up(core, G_MAXINT64);
	g_hash_table_destroy(s->late);
	g_hash_table_destroy(s->unwritten);
	g_hash_table_destroy(s->claimed);
	g_hash_table_destroy(s->by_id);
	g_mutex_clear(&s->lock);
	g_free(s);
}

void sessions_tell_end(Core *core, const char *id, Fault code, const char *reason)
{
	gateway_link_end(core->link, id, code, reason);
	bridges_end(core->bridges, id);
	brokers_tell_end(core->brokers, id, code, reason);
}

typedef struct {
	Fault code;
	const char *reason;
	PlanEvent event;    /* what it is to the plan: PLAN_DISCONNECT                */
	gboolean reported;  /* by its gateway, so the bytes are known                 */
	gboolean ours_only; /* only the broker that watches over it can say that       */
} End;

/* FALSE: there is none. */
static gboolean end_one(Core *core, const char *id, const End *end)
{
	Sessions *s = core->sessions;
	gboolean ended = FALSE;
	Lease *lease;

	g_mutex_lock(&s->lock);
	lease = end->ours_only ? g_hash_table_lookup(s->by_id, id) : sessions_adopt(core, id, NULL);
	if (lease) {
		lease->ours_only = end->ours_only;
		lease->reported = end->reported;
		lease->event = end->event;
		lobbies_note_end(core, lease, end->code, end->reason);
		ended = end_lease(core, lease, end->reason);
	}
	g_mutex_unlock(&s->lock);
	if (!ended)
		return FALSE;
	sessions_tell_end(core, id, end->code, end->reason);
	maintainer_wake(core->maintainer);
	return TRUE;
}

gboolean sessions_end_reported(Core *core, const char *id, Fault code, const char *reason)
{
	const End end = {
		.code = code, .reason = reason, .event = PLAN_DISCONNECT, .reported = TRUE};

	return end_one(core, id, &end);
}

gboolean session_end(Core *core, const char *id, Fault code, const char *reason)
{
	const End end = {.code = code, .reason = reason, .event = PLAN_DISCONNECT};

	return end_one(core, id, &end);
}

gboolean session_end_by_plan(Core *core, const char *id, PlanEvent event, const char *reason)
{
	const End end = {.code = FAULT_ENDED, .reason = reason, .event = event};

	return end_one(core, id, &end);
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

static gboolean of_connection(const Lease *lease, gconstpointer connection)
{
	return lease->connection == connection;
}

static gboolean unconfirmed_at(const Lease *lease, gconstpointer now)
{
	return lease->confirm_by && lease->confirm_by <= *(const gint64 *)now;
}

static gboolean any(const Lease *lease, gconstpointer unused)
{
	return TRUE;
}

gboolean sessions_heard(Sessions *s, const char *id)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&s->lock);
	Lease *lease = g_hash_table_lookup(s->by_id, id);

	if (lease)
		lease->heard = TRUE;
	return lease != NULL;
}

gint64 sessions_unheard(Sessions *s, const char *id)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&s->lock);
	const Lease *lease = g_hash_table_lookup(s->by_id, id);

	return lease && !lease->heard ? lease->taken_at : 0;
}

GPtrArray *sessions_ids(Sessions *s)
{
	return collect(s, any, NULL);
}

void sessions_end_desktop(Core *core, const char *desktop_id, const char *user, const char *reason)
{
	g_autoptr(StoreLease) row = NULL;
	g_autoptr(GError) error = NULL;

	if (!store_lease_of_desktop(core->db, desktop_id, &row, &error))
		log_error(NULL, "the session on %s is not ended: %s", desktop_id, error->message);
	else if (row && (!user || g_str_equal(row->user, user)))
		session_end(core, row->id, FAULT_ENDED, reason);
}

static gboolean claimed_by(gpointer id, gpointer connection, gpointer by)
{
	return connection == by;
}

void sessions_gateway_gone(Core *core, const Asker *asker)
{
	g_autoptr(GPtrArray) ids = collect(core->sessions, of_connection, asker->connection);
	const End gone = {.code = FAULT_ENDED,
			  .reason = "gateway process ended",
			  .event = PLAN_DISCONNECT,
			  .reported = TRUE, /* what it counted is all that will be known */
			  .ours_only = TRUE};

	g_mutex_lock(&core->sessions->lock);
	g_hash_table_foreach_remove(core->sessions->claimed, claimed_by,
				    (gpointer)asker->connection);
	g_mutex_unlock(&core->sessions->lock);
	for (guint i = 0; i < ids->len; i++)
		end_one(core, ids->pdata[i], &gone);
}

/* Under the lock; until one cannot be recorded again: FALSE. */
static gboolean record_starts(Core *core)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, core->sessions->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Lease *lease = value;

		if (lease->unrecorded)
			sessions_record_start(core, lease);
		if (lease->unrecorded)
			return FALSE;
	}
	return TRUE;
}

void sessions_expire(Core *core, gint64 *due)
{
	Sessions *s = core->sessions;
	gint64 now = g_get_monotonic_time();
	g_autoptr(GPtrArray) ids = collect(s, unconfirmed_at, &now);
	const End unconfirmed = {.code = FAULT_TIMEOUT,
				 .reason = "its gateway did not confirm it",
				 .event = PLAN_DISCONNECT,
				 .ours_only = TRUE};
	GHashTableIter iter;
	gpointer lease;
	gboolean done;

	for (guint i = 0; i < ids->len; i++)
		end_one(core, ids->pdata[i], &unconfirmed);
	done = sessions_look_claimed(core);
	g_mutex_lock(&s->lock);
	write_again(core);
	sessions_audit_give_up(core, now);
	done = record_starts(core) && g_hash_table_size(s->unwritten) == 0 && done;
	if (!done)
		*due = MIN(*due, now + WRITE_AGAIN);
	g_hash_table_iter_init(&iter, s->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &lease)) {
		if (((Lease *)lease)->confirm_by)
			*due = MIN(*due, ((Lease *)lease)->confirm_by);
	}
	g_hash_table_iter_init(&iter, s->late);
	while (g_hash_table_iter_next(&iter, NULL, &lease))
		*due = MIN(*due, ((Lease *)lease)->confirm_by);
	g_mutex_unlock(&s->lock);
}
