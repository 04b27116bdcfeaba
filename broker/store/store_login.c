/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_login: see store_login.h. */
#include "store_login.h"

#include "fault.h"

void store_login_free(StoreLogin *login)
{
	if (!login)
		return;
	g_free(login->id);
	g_free(login->user);
	g_strfreev(login->groups);
	g_free(login);
}

gboolean store_login_add(Db *db, const char *id, const char *hash, const char *user, char **groups,
			 const char *peer, gint64 began_at, gint64 expires_at, GError **error)
{
	g_autofree char *lines = g_strjoinv("\n", groups);

	return db_run(db, error,
		      "INSERT INTO login"
		      " (id, hash, user_name, group_names, peer, began_at, expires_at)"
		      " VALUES (?, ?, ?, ?, ?, ?, ?)",
		      DB_TEXT(id), DB_TEXT(hash), DB_TEXT(user), DB_TEXT(lines), DB_TEXT(peer),
		      DB_INT(began_at), DB_INT(expires_at));
}

StoreLogin *store_login_find(Db *db, const char *hash, gint64 now, GError **error)
{
	StoreLogin *login;
	g_autoptr(DbRows) rows =
		db_select(db, error,
			  "SELECT id, user_name, group_names, began_at, expires_at FROM login"
			  " WHERE hash = ? AND expires_at > ?",
			  DB_TEXT(hash), DB_INT(now));

	if (!rows)
		return NULL;
	if (!db_rows_next(rows)) {
		g_set_error(error, FAULT, FAULT_DENIED, "no such login, or it has expired");
		return NULL;
	}
	login = g_new0(StoreLogin, 1);
	login->id = db_rows_dup(rows, 0);
	login->user = db_rows_dup(rows, 1);
	login->groups = g_strsplit(db_rows_text(rows, 2), "\n", -1);
	login->began_at = db_rows_int(rows, 3);
	login->expires_at = db_rows_int(rows, 4);
	return login;
}

gboolean store_login_groups(Db *db, const char *user, gint64 now, char ***out_groups,
			    GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error,
			  "SELECT group_names FROM login WHERE user_name = ? AND expires_at > ?"
			  " ORDER BY began_at DESC LIMIT 1",
			  DB_TEXT(user), DB_INT(now));

	if (!rows)
		return FALSE;
	*out_groups = db_rows_next(rows) ? g_strsplit(db_rows_text(rows, 0), "\n", -1) : NULL;
	return TRUE;
}

gboolean store_login_renew(Db *db, const char *id, gint64 expires_at, GError **error)
{
	return db_run(db, error, "UPDATE login SET expires_at = ? WHERE id = ?", DB_INT(expires_at),
		      DB_TEXT(id));
}

gboolean store_login_remove(Db *db, const char *id, GError **error)
{
	return db_run(db, error, "DELETE FROM login WHERE id = ?", DB_TEXT(id));
}

gboolean store_login_trim(Db *db, const char *user, unsigned keep, GError **error)
{
	return db_run(db, error,
		      "DELETE FROM login WHERE user_name = ? AND id NOT IN"
		      " (SELECT id FROM login WHERE user_name = ?"
		      " ORDER BY expires_at DESC, began_at DESC LIMIT ?)",
		      DB_TEXT(user), DB_TEXT(user), DB_INT(keep));
}

gboolean store_login_clean(Db *db, gint64 now, GError **error)
{
	return db_run(db, error, "DELETE FROM login WHERE expires_at <= ?", DB_INT(now));
}
