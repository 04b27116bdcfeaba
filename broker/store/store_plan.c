/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_plan: see store_plan.h. */
#include "store_plan.h"

#define COLUMNS                                                                                \
	"pool, on_disconnect, disconnect_after, on_idle, idle_after, on_logout, logout_after," \
	" length, warn, extend, snapshots"

static PlanView *read_row(const DbRows *rows)
{
	PlanView *plan = g_new0(PlanView, 1);

	plan->pool = db_rows_dup(rows, 0);
	plan->disconnect = db_rows_dup(rows, 1);
	plan->disconnect_after = (unsigned)db_rows_int(rows, 2);
	plan->idle = db_rows_dup(rows, 3);
	plan->idle_after = (unsigned)db_rows_int(rows, 4);
	plan->logout = db_rows_dup(rows, 5);
	plan->logout_after = (unsigned)db_rows_int(rows, 6);
	plan->length = (unsigned)db_rows_int(rows, 7);
	plan->warn = (unsigned)db_rows_int(rows, 8);
	plan->extend = (unsigned)db_rows_int(rows, 9);
	plan->snapshots = (unsigned)db_rows_int(rows, 10);
	return plan;
}

gboolean store_plan(Db *db, const char *pool, PlanView **out, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error, "SELECT " COLUMNS " FROM plan WHERE pool = ?", DB_TEXT(pool));

	if (!rows)
		return FALSE;
	*out = db_rows_next(rows) ? read_row(rows) : NULL;
	return TRUE;
}

gboolean store_plan_put(Db *db, const PlanView *p, GError **error)
{
	return db_run(db, error,
		      "INSERT INTO plan (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		      " ON CONFLICT (pool) DO UPDATE SET on_disconnect = excluded.on_disconnect,"
		      " disconnect_after = excluded.disconnect_after, on_idle = excluded.on_idle,"
		      " idle_after = excluded.idle_after, on_logout = excluded.on_logout,"
		      " logout_after = excluded.logout_after, length = excluded.length,"
		      " warn = excluded.warn, extend = excluded.extend,"
		      " snapshots = excluded.snapshots",
		      DB_TEXT(p->pool), DB_TEXT(p->disconnect), DB_INT(p->disconnect_after),
		      DB_TEXT(p->idle), DB_INT(p->idle_after), DB_TEXT(p->logout),
		      DB_INT(p->logout_after), DB_INT(p->length), DB_INT(p->warn),
		      DB_INT(p->extend), DB_INT(p->snapshots));
}

/* ---- one desktop's due step */

gboolean store_plan_set_due(Db *db, const char *desktop, const char *action, gint64 at,
			    GError **error)
{
	return db_run(db, error, "UPDATE desktop SET due = ?, due_at = ? WHERE id = ?",
		      DB_TEXT(action), DB_INT(action ? at : 0), DB_TEXT(desktop));
}

gboolean store_plan_done(Db *db, const char *desktop, gint64 now, GError **error)
{
	return db_run(db, error,
		      "UPDATE desktop SET due = NULL, due_at = 0 WHERE id = ? AND due_at <= ?",
		      DB_TEXT(desktop), DB_INT(now));
}

gboolean store_plan_get_due(Db *db, const char *desktop, gint64 now, char **out_action,
			    GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error, "SELECT due FROM desktop WHERE id = ? AND due_at > 0 AND due_at <= ?",
		DB_TEXT(desktop), DB_INT(now));

	if (!rows)
		return FALSE;
	*out_action = db_rows_next(rows) ? db_rows_dup(rows, 0) : NULL;
	return TRUE;
}

#define REACHED " due_at > 0 AND (broker = ? OR (broker IS NULL AND ? = 1))"

GPtrArray *store_plan_find_due(Db *db, const char *broker, gboolean shared, gint64 now,
			       gint64 *out_next, GError **error)
{
	g_autoptr(DbRows) next = db_select(
		db, error,
		"SELECT COALESCE(MIN(due_at), 0) FROM desktop WHERE" REACHED " AND due_at > ?",
		DB_TEXT(broker), DB_INT(shared), DB_INT(now));
	g_autoptr(DbRows) rows = next ? db_select(db, error,
						  "SELECT id FROM desktop WHERE" REACHED
						  " AND due_at <= ? ORDER BY due_at, id",
						  DB_TEXT(broker), DB_INT(shared), DB_INT(now))
				      : NULL;
	GPtrArray *ids;

	if (!rows || !db_rows_next(next))
		return NULL;
	*out_next = db_rows_int(next, 0);
	ids = g_ptr_array_new_with_free_func(g_free);
	while (db_rows_next(rows))
		g_ptr_array_add(ids, db_rows_dup(rows, 0));
	return ids;
}

gboolean store_plan_take(Db *db, const char *desktop, gint64 now, gboolean *out_taken,
			 GError **error)
{
	gint64 taken =
		db_change(db, error,
			  "UPDATE desktop SET owner = NULL, held_until = 0, state = 'resetting'"
			  " WHERE id = ? AND due_at > 0 AND due_at <= ? AND state <> 'in-use'",
			  DB_TEXT(desktop), DB_INT(now));

	*out_taken = taken > 0;
	return taken >= 0;
}

/* ---- sessions */

void store_limited_free(StoreLimited *limited)
{
	if (!limited)
		return;
	g_free(limited->id);
	g_free(limited);
}

GPtrArray *store_plan_limited(Db *db, const char *broker, const char *session, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT s.id, COALESCE(i.at, s.started_at), s.started_at, s.extended,"
		" p.idle_after, p.length, p.warn, p.extend"
		" FROM session s JOIN plan p ON p.pool = s.pool"
		" LEFT JOIN session_input i ON i.session = s.id"
		" WHERE s.ended_at = 0 AND s.state = 'live' AND (p.idle_after > 0 OR p.length > 0)"
		" AND s.broker = COALESCE(?, s.broker) AND s.id = COALESCE(?, s.id)",
		DB_TEXT(broker), DB_TEXT(session));
	GPtrArray *all;

	if (!rows)
		return NULL;
	all = g_ptr_array_new_with_free_func((GDestroyNotify)store_limited_free);
	while (db_rows_next(rows)) {
		StoreLimited *one = g_new0(StoreLimited, 1);

		one->id = db_rows_dup(rows, 0);
		one->started_at = db_rows_int(rows, 2);
		one->active_at = MAX(db_rows_int(rows, 1), one->started_at);
		one->extended = db_rows_int(rows, 3);
		one->idle_after = (unsigned)db_rows_int(rows, 4);
		one->length = (unsigned)db_rows_int(rows, 5);
		one->warn = (unsigned)db_rows_int(rows, 6);
		one->extend = (unsigned)db_rows_int(rows, 7);
		g_ptr_array_add(all, one);
	}
	return all;
}

gboolean store_plan_extend(Db *db, const char *session, gint64 extended, gint64 seconds,
			   GError **error)
{
	return db_run(db, error,
		      "UPDATE session SET extended = extended + ?"
		      " WHERE id = ? AND ended_at = 0 AND extended = ?",
		      DB_INT(seconds), DB_TEXT(session), DB_INT(extended));
}
