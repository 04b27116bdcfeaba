/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_refusal: see store_refusal.h. */
#include "store_refusal.h"

#define BANS_MAX 1000 /* in a list */

/* ---- refusals */

gboolean store_refusal(Db *db, const char *user, const char *place, StoreRefusal *out,
		       GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT failures, faded_at, until_at FROM refusal"
					   " WHERE user_name = ? AND place = ?",
					   DB_TEXT(user), DB_TEXT(place));

	if (!rows)
		return FALSE;
	*out = (StoreRefusal){0};
	if (db_rows_next(rows)) {
		out->failures = (unsigned)db_rows_int(rows, 0);
		out->faded_at = db_rows_int(rows, 1);
		out->until = db_rows_int(rows, 2);
	}
	return TRUE;
}

gboolean store_refusal_put(Db *db, const char *user, const char *place, const StoreRefusal *refusal,
			   gint64 gone_at, GError **error)
{
	return db_run(
		db, error,
		"INSERT INTO refusal (user_name, place, failures, faded_at, until_at, gone_at)"
		" VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_name, place) DO UPDATE SET"
		" failures = excluded.failures, faded_at = excluded.faded_at,"
		" until_at = excluded.until_at, gone_at = excluded.gone_at",
		DB_TEXT(user), DB_TEXT(place), DB_INT(refusal->failures), DB_INT(refusal->faded_at),
		DB_INT(refusal->until), DB_INT(gone_at));
}

gboolean store_refusal_remove(Db *db, const char *user, const char *place, GError **error)
{
	return db_run(db, error, "DELETE FROM refusal WHERE user_name = ? AND place = ?",
		      DB_TEXT(user), DB_TEXT(place));
}

/* ---- bans */

gboolean store_ban_put(Db *db, const char *user, const char *place, gint64 until, const char *admin,
		       const char *reason, GError **error)
{
	return db_run(
		db, error,
		"INSERT INTO ban (user_name, place, until_at, admin, reason)"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_name, place) DO UPDATE SET"
		" until_at = excluded.until_at, admin = excluded.admin, reason = excluded.reason",
		DB_TEXT(user), DB_TEXT(place), DB_INT(until), DB_TEXT(admin), DB_TEXT(reason));
}

gboolean store_banned(Db *db, const char *user, const char *place, gint64 now, gint64 *out_until,
		      GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error,
			  "SELECT until_at FROM ban WHERE ((user_name = ? AND place = '')"
			  " OR (user_name = '' AND place = ?)) AND (until_at = 0 OR until_at > ?)",
			  DB_TEXT(user), DB_TEXT(place), DB_INT(now));

	if (!rows)
		return FALSE;
	*out_until = 0;
	while (db_rows_next(rows)) {
		gint64 until = db_rows_int(rows, 0);

		*out_until = MAX(*out_until, until ? until : G_MAXINT64);
	}
	return TRUE;
}

static char *text_or_null(const DbRows *rows, unsigned column)
{
	const char *text = db_rows_text(rows, column);

	return text && *text ? g_strdup(text) : NULL;
}

GPtrArray *store_bans(Db *db, gint64 now, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT user_name, place, until_at, 0, admin, reason, 0 AS rank FROM ban"
		" WHERE until_at = 0 OR until_at > ?"
		" UNION ALL SELECT user_name, place, until_at, failures, '', '', 1 FROM refusal"
		" WHERE until_at > ? ORDER BY rank, until_at DESC, user_name, place LIMIT ?",
		DB_INT(now), DB_INT(now), DB_INT(BANS_MAX));
	GPtrArray *list;

	if (!rows)
		return NULL;
	list = g_ptr_array_new_with_free_func((GDestroyNotify)ban_view_free);
	while (db_rows_next(rows)) {
		BanView *view = g_new0(BanView, 1);

		view->user = text_or_null(rows, 0);
		view->address = text_or_null(rows, 1);
		view->until = (db_rows_int(rows, 2) + 999) / 1000;
		view->failures = (unsigned)db_rows_int(rows, 3);
		view->admin = text_or_null(rows, 4);
		view->reason = text_or_null(rows, 5);
		g_ptr_array_add(list, view);
	}
	return list;
}

gint64 store_unlock(Db *db, const char *user, const char *place, GError **error)
{
	const char *key = user ? user : place;
	gint64 refusals = db_change(db, error,
				    user ? "DELETE FROM refusal WHERE user_name = ?"
					 : "DELETE FROM refusal WHERE place = ?",
				    DB_TEXT(key));
	gint64 bans = refusals < 0 ? -1
				   : db_change(db, error,
					       user ? "DELETE FROM ban WHERE user_name = ?"
						    : "DELETE FROM ban WHERE place = ?",
					       DB_TEXT(key));

	return bans < 0 ? -1 : refusals + bans;
}

/* ---- known places */

gboolean store_known(Db *db, const char *user, const char *place, gint64 since, gboolean *out,
		     GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT 1 FROM known_place WHERE user_name = ? AND place = ? AND seen_at > ?",
		DB_TEXT(user), DB_TEXT(place), DB_INT(since));

	if (!rows)
		return FALSE;
	*out = db_rows_next(rows);
	return TRUE;
}

gboolean store_known_put(Db *db, const char *user, const char *place, gint64 now, unsigned keep,
			 GError **error)
{
	return db_run(db, error,
		      "INSERT INTO known_place (user_name, place, seen_at) VALUES (?, ?, ?)"
		      " ON CONFLICT (user_name, place) DO UPDATE SET seen_at = excluded.seen_at",
		      DB_TEXT(user), DB_TEXT(place), DB_INT(now)) &&
	       db_run(db, error,
		      "DELETE FROM known_place WHERE user_name = ? AND place NOT IN"
		      " (SELECT place FROM known_place WHERE user_name = ?"
		      " ORDER BY seen_at DESC LIMIT ?)",
		      DB_TEXT(user), DB_TEXT(user), DB_INT(keep));
}

gboolean store_refusal_clean(Db *db, gint64 now, gint64 since, GError **error)
{
	return db_run(db, error, "DELETE FROM refusal WHERE gone_at <= ?", DB_INT(now)) &&
	       db_run(db, error, "DELETE FROM ban WHERE until_at > 0 AND until_at <= ?",
		      DB_INT(now)) &&
	       db_run(db, error, "DELETE FROM known_place WHERE seen_at <= ?", DB_INT(since));
}
