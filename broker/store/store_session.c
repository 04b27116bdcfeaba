/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_session: see store_session.h. */
#include "store_session.h"

#include "search.h"

#define INPUT(what) "(SELECT i." what " FROM session_input i WHERE i.session = session.id)"
#define COLUMNS                                                                            \
	"id, user_name, desktop, desktop_name, pool, protocol, via, peer, gateway, state," \
	" started_at, ended_at, reason, bytes_in, bytes_out,"                              \
	" COALESCE(" INPUT("at") ", 0), COALESCE(" INPUT("round_trip") ", 0)"

gboolean store_session_start(Db *db, const char *id, GError **error)
{
	return db_run(db, error,
		      "UPDATE session SET state = 'live' WHERE id = ? AND state = 'connecting'",
		      DB_TEXT(id));
}

/* A gateway says what it likes, as often: the sum is one that each database can hold. */
#define BYTES_MAX   4611686018427387903 /* half of the largest number */
#define HAS_MOST(n) n " > " G_STRINGIFY(BYTES_MAX)
#define ADD(n)      n " = CASE WHEN " HAS_MOST(n) " THEN " n " ELSE " n " + ? END"
#define ADD_BYTES   ADD("bytes_in") ", " ADD("bytes_out")
#define DB_BYTES(n) DB_INT((gint64)MIN(n, (guint64)BYTES_MAX))

gint64 store_session_end(Db *db, const char *id, const char *broker, const char *reason, gint64 now,
			 guint64 bytes_in, guint64 bytes_out, GError **error)
{
	return db_change(db, error,
			 "UPDATE session SET state = 'ended', ended_at = ?, reason = ?, " ADD_BYTES
			 " WHERE id = ? AND ended_at = 0 AND broker = COALESCE(?, broker)",
			 DB_INT(now), DB_TEXT(reason), DB_BYTES(bytes_in), DB_BYTES(bytes_out),
			 DB_TEXT(id), DB_TEXT(broker));
}

gint64 store_session_add_bytes(Db *db, const char *id, guint64 bytes_in, guint64 bytes_out,
			       gboolean again, GError **error)
{
	return db_change(db, error,
			 "UPDATE session SET " ADD_BYTES
			 " WHERE id = ? AND (? = 0 OR bytes_in < ? OR bytes_out < ?)",
			 DB_BYTES(bytes_in), DB_BYTES(bytes_out), DB_TEXT(id), DB_INT(again),
			 DB_BYTES(bytes_in), DB_BYTES(bytes_out));
}

static SessionView *read_row(const DbRows *rows)
{
	SessionView *s = g_new0(SessionView, 1);

	s->id = db_rows_dup(rows, 0);
	s->user = db_rows_dup(rows, 1);
	s->desktop_id = db_rows_dup(rows, 2);
	s->desktop_name = db_rows_dup(rows, 3);
	s->pool = db_rows_dup(rows, 4);
	s->protocol = db_rows_dup(rows, 5);
	s->via = db_rows_dup(rows, 6);
	s->peer = db_rows_dup(rows, 7);
	s->gateway = db_rows_dup(rows, 8);
	s->state = db_rows_dup(rows, 9);
	s->started_at = db_rows_int(rows, 10);
	s->ended_at = db_rows_int(rows, 11);
	s->reason = db_rows_dup(rows, 12);
	s->bytes_in = (guint64)db_rows_int(rows, 13);
	s->bytes_out = (guint64)db_rows_int(rows, 14);
	s->active_at = MAX(db_rows_int(rows, 15), s->started_at);
	s->round_trip = (guint64)db_rows_int(rows, 16);
	return s;
}

static GPtrArray *read_all(DbRows *rows)
{
	GPtrArray *sessions;

	if (!rows)
		return NULL;
	sessions = g_ptr_array_new_with_free_func((GDestroyNotify)session_view_free);
	while (db_rows_next(rows))
		g_ptr_array_add(sessions, read_row(rows));
	return sessions;
}

gint64 store_session_audit(Db *db, const char *id, GError **error)
{
	return db_change(db, error, "UPDATE session SET audited = 1 WHERE id = ? AND audited = 0",
			 DB_TEXT(id));
}

GPtrArray *store_sessions_unaudited(Db *db, const char *broker, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT " COLUMNS
					   " FROM session WHERE audited = 0 AND ended_at > 0"
					   " AND broker = COALESCE(?, broker)",
					   DB_TEXT(broker));

	return read_all(rows);
}

static DbRows *select_sessions(Db *db, const char *user, gboolean live, unsigned limit,
			       GError **error)
{
	/* An index for each: the live ones are few among many. */
	if (live)
		return db_select(
			db, error,
			"SELECT " COLUMNS " FROM session WHERE ended_at = 0"
			" AND user_name = COALESCE(?, user_name) ORDER BY started_at DESC, id",
			DB_TEXT(user));
	if (user)
		return db_select(db, error,
				 "SELECT " COLUMNS " FROM session WHERE user_name = ?"
				 " ORDER BY started_at DESC, id LIMIT ?",
				 DB_TEXT(user), DB_INT(limit));
	return db_select(db, error,
			 "SELECT " COLUMNS " FROM session ORDER BY started_at DESC, id LIMIT ?",
			 DB_INT(limit));
}

GPtrArray *store_sessions(Db *db, const char *user, gboolean live, unsigned limit, GError **error)
{
	g_autoptr(DbRows) rows = select_sessions(db, user, live, limit, error);

	return read_all(rows);
}

/* All that a list of them shows, also what it calls a client. */
#define WORDS                                                                                     \
	"LOWER(user_name || ' ' || desktop_name || ' ' || desktop || ' ' || pool || ' ' || "      \
	"protocol"                                                                                \
	" || CASE protocol WHEN 'web' THEN ' browser ' ELSE ' viewer ' END || via || ' ' || peer" \
	" || ' ' || gateway || ' ' || state || ' ' || reason || ' ' || id)"
#define NEWEST   ", started_at DESC, id"
#define BY(what) what NEWEST, what " DESC" NEWEST

GPtrArray *store_sessions_found(Db *db, gboolean live, const char *text, const char *order,
				gboolean down, unsigned limit, GError **error)
{
	static const SearchOrder orders[] = {
		{"since", "started_at, id", "started_at DESC, id"},
		{"user", BY("user_name")},
		{"desktop", BY("desktop_name")},
		{"client", BY("protocol")},
		{"from", BY("peer")},
		{"ended", BY("ended_at")},
		{"sent", BY("bytes_out")},
		{"line", BY("COALESCE(" INPUT("round_trip") ", 0)")},
		{"idle", BY("-COALESCE(" INPUT("at") ", started_at)")},
	};
	g_auto(Search) search = {0};
	g_autoptr(DbRows) rows = NULL;

	search_begin(&search,
		     live ? "SELECT " COLUMNS " FROM session WHERE ended_at = 0"
			  : "SELECT " COLUMNS " FROM session WHERE 1 = 1",
		     WORDS, text);
	rows = search_rows(&search, db, search_order(orders, G_N_ELEMENTS(orders), order, down),
			   limit, error);
	return read_all(rows);
}

gboolean store_sessions_count(Db *db, unsigned *out_sessions, unsigned *out_people, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT COUNT(*), COUNT(DISTINCT user_name) FROM session"
					   " WHERE ended_at = 0");

	if (!rows || !db_rows_next(rows))
		return FALSE;
	*out_sessions = (unsigned)db_rows_int(rows, 0);
	*out_people = (unsigned)db_rows_int(rows, 1);
	return TRUE;
}

gboolean store_session_last(Db *db, const char *user, const char *pool, const char *desktop,
			    gint64 *out_at, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error,
			  "SELECT COALESCE(MAX(started_at), 0) FROM session"
			  " WHERE user_name = ? AND pool = ? AND desktop = COALESCE(?, desktop)",
			  DB_TEXT(user), DB_TEXT(pool), DB_TEXT(desktop));

	if (!rows || !db_rows_next(rows))
		return FALSE;
	*out_at = db_rows_int(rows, 0);
	return TRUE;
}

gboolean store_session_bond(Db *db, const char *id, guint32 *out_client_id, char **out_proof)
{
	g_autoptr(DbRows) rows = db_select(
		db, NULL, "SELECT client_id, proof FROM session WHERE id = ?", DB_TEXT(id));

	if (!rows || !db_rows_next(rows))
		return FALSE;
	*out_client_id = (guint32)db_rows_int(rows, 0);
	*out_proof = db_rows_dup(rows, 1);
	return TRUE;
}
