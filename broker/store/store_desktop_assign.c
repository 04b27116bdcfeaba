/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_desktop_assign: the part of store_desktop.h that says which desktop may be handed out,
 * whose it is, and until when. */
#include "store_desktop.h"

#include "fault.h"

/* A row that was never cloned has neither name: nobody was there. */
#define CLEAN "(used IS NULL OR (identity IS NOT NULL AND identity <> used))"

/* The contrary, in the words of its index. */
#define DIRTY "used IS NOT NULL AND (identity IS NULL OR identity = used)"

/* ---- which may be handed out */

static GPtrArray *take_ids(DbRows *rows)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);

	while (db_rows_next(rows))
		g_ptr_array_add(ids, db_rows_dup(rows, 0));
	return ids;
}

static gboolean take_id(DbRows *rows, char **out_id)
{
	if (!rows)
		return FALSE;
	*out_id = db_rows_next(rows) ? db_rows_dup(rows, 0) : NULL;
	return TRUE;
}

/* Its overlay rests on what the pool publishes now. */
#define CURRENT                                                     \
	" EXISTS (SELECT 1 FROM pool p WHERE p.name = desktop.pool" \
	" AND p.image = desktop.image AND p.version = desktop.version)"

/* Not on one that is down or drained. */
#define ON_A_HOST                                                                \
	" AND NOT EXISTS (SELECT 1 FROM placed x JOIN host h ON h.name = x.host" \
	" WHERE x.desktop = desktop.id AND (h.state <> 'up' OR h.drain <> 0))"

/* Not closed by itself; that of pools and hosts is maintenance.c's to know. */
#define OPEN                                           \
	" AND NOT EXISTS (SELECT 1 FROM maintenance m" \
	" WHERE m.kind = 'desktop' AND m.name = desktop.id)"

/* All that is looked for in the order of an index: pool, owner, state, name. */
#define FREE                                                                      \
	" FROM desktop WHERE pool = ? AND owner IS NULL AND state = ? AND " CLEAN \
	" AND (broker IS NULL OR broker = ?)" ON_A_HOST OPEN
#define ARGS_OF_FREE(state) DB_TEXT(pool), DB_TEXT(state), DB_TEXT(broker)

/* Has to be started before anybody can have it. */
#define COLD "('starting', 'off', 'failed', 'in-use')"

/* The first of its kind, and how good that is. */
#define WISH(rank, more)                   \
	"SELECT id, " rank " AS wish FROM" \
	" (SELECT id" FREE more " ORDER BY name LIMIT 1) AS w" rank
#define OR_WISH(rank) " UNION ALL " WISH(rank, "")

gboolean store_desktop_find_free(Db *db, const char *pool, const char *broker, char **out_id,
				 GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error,
			  WISH("1", " AND" CURRENT) OR_WISH("2") OR_WISH("3") OR_WISH("4")
				  OR_WISH("5") " ORDER BY wish LIMIT 1",
			  ARGS_OF_FREE("ready"), ARGS_OF_FREE("ready"), ARGS_OF_FREE("starting"),
			  ARGS_OF_FREE("off"), ARGS_OF_FREE("failed"));

	return take_id(rows, out_id);
}

/* Takes the rows. */
static gboolean count(DbRows *rows, unsigned *out)
{
	g_autoptr(DbRows) all = rows;

	if (!all)
		return FALSE;
	for (*out = 0; db_rows_next(all);)
		++*out;
	return TRUE;
}

gboolean store_desktop_count_ready(Db *db, const char *pool, const char *broker, unsigned limit,
				   unsigned *out, GError **error)
{
	return count(db_select(db, error, "SELECT id" FREE " LIMIT ?", ARGS_OF_FREE("ready"),
			       DB_INT(limit)),
		     out);
}

gboolean store_desktop_count_current(Db *db, const char *pool, const char *broker, unsigned limit,
				     unsigned *out, GError **error)
{
	return count(db_select(db, error, "SELECT id" FREE " AND" CURRENT " LIMIT ?",
			       ARGS_OF_FREE("ready"), DB_INT(limit)),
		     out);
}

/* Those that are on their way come first: nobody begins with another in their place. */
GPtrArray *store_desktop_find_cold(Db *db, const char *pool, const char *broker, unsigned limit,
				   GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT id FROM desktop WHERE pool = ? AND owner IS NULL AND state IN " COLD
		" AND " CLEAN " AND (broker IS NULL OR broker = ?)" ON_A_HOST OPEN
		" ORDER BY CASE state WHEN 'starting' THEN 0 ELSE 1 END, name LIMIT ?",
		DB_TEXT(pool), DB_TEXT(broker), DB_INT(limit));

	return rows ? take_ids(rows) : NULL;
}

gboolean store_desktop_coming(Db *db, const char *pool, const char *broker, gboolean *out,
			      GError **error)
{
	g_autoptr(DbRows)
		rows = db_select(db, error,
				 "SELECT 1 FROM desktop WHERE pool = ? AND owner IS NULL"
				 " AND (state = 'resetting' OR (state IN " COLD " AND " CLEAN "))"
				 " AND (broker IS NULL OR broker = ?)" ON_A_HOST OPEN " LIMIT 1",
				 DB_TEXT(pool), DB_TEXT(broker));

	if (rows)
		*out = db_rows_next(rows);
	return rows != NULL;
}

GPtrArray *store_desktop_find_stale_ready(Db *db, const char *pool, const char *broker,
					  unsigned limit, GError **error)
{
	g_autoptr(DbRows)
		rows = db_select(db, error,
				 "SELECT id" FREE " AND identity IS NOT NULL AND NOT" CURRENT
				 " ORDER BY name LIMIT ?",
				 ARGS_OF_FREE("ready"), DB_INT(limit));

	return rows ? take_ids(rows) : NULL;
}

GPtrArray *store_desktop_find_stale_off(Db *db, const char *pool, const char *broker,
					unsigned limit, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT id FROM desktop WHERE pool = ? AND owner IS NULL"
		" AND state IN ('off', 'failed') AND " CLEAN " AND (broker IS NULL OR broker = ?)"
		/* one whose broker died on the way rests on nothing, and goes on */
		" AND (identity IS NOT NULL OR image IS NOT NULL) AND NOT" CURRENT
		" ORDER BY name LIMIT ?",
		DB_TEXT(pool), DB_TEXT(broker), DB_INT(limit));

	return rows ? take_ids(rows) : NULL;
}

gboolean store_desktop_withdraw(Db *db, const char *id, gboolean *out_withdrawn, GError **error)
{
	gint64 withdrawn =
		db_change(db, error,
			  "UPDATE desktop SET state = 'resetting', identity = NULL"
			  " WHERE id = ? AND owner IS NULL AND state <> 'in-use' AND NOT" CURRENT,
			  DB_TEXT(id));

	*out_withdrawn = withdrawn > 0;
	return withdrawn >= 0;
}

gboolean store_desktop_find_owned(Db *db, const char *pool, const char *user, const char *broker,
				  char **out_id, GError **error)
{
	g_autoptr(DbRows)
		rows = db_select(db, error,
				 "SELECT id FROM desktop WHERE pool = ? AND owner = ?"
				 " AND COALESCE(broker, ?, '') = COALESCE(?, broker, '')"
				 " ORDER BY name LIMIT 1",
				 DB_TEXT(pool), DB_TEXT(user), DB_TEXT(broker), DB_TEXT(broker));

	return take_id(rows, out_id);
}

/* ---- whose it is, and until when */

gboolean store_desktop_claim(Db *db, const char *id, const char *user, gint64 until, GError **error)
{
	/* In use (held_until 0) by the same person it stays so: the session's end sets the time. */
	gint64 claimed = db_change(
		db, error,
		"UPDATE desktop SET held_until = CASE WHEN owner IS NULL THEN ?"
		" WHEN held_until = 0 THEN 0 WHEN held_until < ? THEN ? ELSE held_until END,"
		" due_at = CASE WHEN owner IS NULL OR due_at = 0 THEN 0"
		" WHEN due_at < ? THEN ? ELSE due_at END,"
		" asked_until = ?, owner = ? WHERE id = ? AND (owner IS NULL OR owner = ?)",
		DB_INT(until), DB_INT(until), DB_INT(until), DB_INT(until), DB_INT(until),
		DB_INT(until), DB_TEXT(user), DB_TEXT(id), DB_TEXT(user));

	if (claimed == 0)
		g_set_error(error, FAULT, FAULT_BUSY, "somebody else is using desktop %s", id);
	return claimed > 0;
}

gboolean store_desktop_hold(Db *db, const char *id, const char *user, gint64 until, GError **error)
{
	gint64 held =
		db_change(db, error,
			  "UPDATE desktop SET held_until ="
			  " CASE WHEN held_until = 0 OR held_until = ? THEN held_until ELSE ? END,"
			  " due_at = CASE WHEN due_at > 0 AND due_at < ? THEN ? ELSE due_at END,"
			  " asked_until = ? WHERE id = ? AND owner = ?",
			  DB_INT(STORE_DESKTOP_KEPT), DB_INT(until), DB_INT(until), DB_INT(until),
			  DB_INT(until), DB_TEXT(id), DB_TEXT(user));

	if (held == 0)
		g_set_error(error, FAULT, FAULT_BUSY, "desktop %s is no longer held for %s", id,
			    user);
	return held > 0;
}

/* ---- sessions */

gboolean store_desktop_enter(Db *db, const char *id, const char *user, gint64 now, GError **error)
{
	gint64 entered =
		db_change(db, error,
			  "UPDATE desktop SET state = 'in-use', detail = '', used = identity,"
			  " held_until = 0, due_at = 0, asked_until = 0, last_used = ?"
			  " WHERE id = ? AND owner = ? AND state IN ('ready', 'in-use')"
			  /* what cannot be told from a fresh one later is nobody's place */
			  " AND (identity IS NOT NULL OR address IS NOT NULL)",
			  DB_INT(now), DB_TEXT(id), DB_TEXT(user));

	if (entered == 0)
		g_set_error(error, FAULT, FAULT_DENIED, "desktop %s is no longer held for %s", id,
			    user);
	return entered > 0;
}

gboolean store_desktop_leave(Db *db, const char *id, gint64 until, GError **error)
{
	return db_run(db, error,
		      "UPDATE desktop SET held_until = ?,"
		      " state = CASE state WHEN 'in-use' THEN 'ready' ELSE state END WHERE id = ?",
		      DB_INT(until), DB_TEXT(id));
}

/* ---- the maintainer's */

#define TRANSIENT "pool IN (SELECT name FROM pool WHERE kind <> 'dedicated')"

gboolean store_desktop_expire(Db *db, const char *id, gint64 now, GError **error)
{
	/* A step of a plan that waited for whoever asked waits no longer. */
	return db_run(
		db, error,
		"UPDATE desktop SET asked_until = 0,"
		" due_at = CASE WHEN due_at > ? AND due_at = asked_until THEN ? ELSE due_at END,"
		" held_until = CASE WHEN held_until > ? AND held_until < ? THEN ? ELSE held_until "
		"END"
		" WHERE id = ?",
		DB_INT(now), DB_INT(now), DB_INT(now), DB_INT(STORE_DESKTOP_KEPT), DB_INT(now),
		DB_TEXT(id));
}

gboolean store_desktop_unask(Db *db, const char *id, gint64 now, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error,
			  "SELECT 1 FROM desktop WHERE id = ? AND asked_until > ?"
			  " AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.desktop = desktop.id"
			  " AND t.used_at = 0 AND t.expires_at > ?)",
			  DB_TEXT(id), DB_INT(now), DB_INT(now));

	return rows && (!db_rows_next(rows) || store_desktop_expire(db, id, now, error));
}

gboolean store_desktop_give_back(Db *db, const char *id, gint64 now, GError **error)
{
	gint64 given = db_change(
		db, error,
		"UPDATE desktop SET held_until = ?, due_at = 0 WHERE id = ? AND state <> 'in-use'",
		DB_INT(now), DB_TEXT(id));

	if (given == 0)
		g_set_error(error, FAULT, FAULT_BUSY, "desktop %s is in use", id);
	return given > 0;
}

gboolean store_desktop_next_release(Db *db, gint64 *out_at, GError **error)
{
	/* Pool by pool: of the dedicated ones there are many, held by people who left long ago. */
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT COALESCE(MIN(x.at), 0)"
		" FROM (SELECT (SELECT MIN(d.held_until) FROM desktop d"
		" WHERE d.pool = p.name AND d.owner IS NOT NULL AND d.held_until > 0) AS at"
		" FROM pool p WHERE p.kind <> 'dedicated') AS x");

	if (!rows || !db_rows_next(rows))
		return FALSE;
	*out_at = db_rows_int(rows, 0);
	return TRUE;
}

gint64 store_desktop_release(Db *db, gint64 now, gint64 *out_next, GError **error)
{
	gint64 released = db_change(
		db, error,
		"UPDATE desktop SET owner = NULL, held_until = 0,"
		" state = CASE WHEN " CLEAN " THEN state ELSE 'resetting' END"
		" WHERE owner IS NOT NULL AND held_until > 0 AND held_until <= ? AND " TRANSIENT,
		DB_INT(now));

	if (released < 0 || !store_desktop_next_release(db, out_next, error))
		return -1;
	return released;
}

GPtrArray *store_desktop_find_dirty(Db *db, const char *broker, gboolean shared, GError **error)
{
	/* Pool by pool for the sake of the index. */
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT id FROM (SELECT id, broker FROM desktop WHERE owner IS NULL AND " DIRTY
		" UNION SELECT d.id, d.broker FROM pool p JOIN desktop d ON d.pool = p.name"
		" WHERE d.owner IS NULL AND d.state = 'resetting' AND d.due_at = 0) AS found"
		" WHERE broker = ? OR (broker IS NULL AND ? = 1) ORDER BY id",
		DB_TEXT(broker), DB_INT(shared));

	return rows ? take_ids(rows) : NULL;
}

gboolean store_desktop_disown(Db *db, const char *id, GError **error)
{
	gint64 disowned = db_change(db, error,
				    "UPDATE desktop SET owner = NULL, held_until = 0"
				    " WHERE id = ? AND state <> 'in-use'",
				    DB_TEXT(id));

	if (disowned == 0)
		g_set_error(error, FAULT, FAULT_BUSY, "desktop %s is in use", id);
	return disowned > 0;
}
