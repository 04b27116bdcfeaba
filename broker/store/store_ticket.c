/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_ticket: see store_ticket.h. */
#include "store_ticket.h"

#include "fault.h"

gboolean store_ticket_add(Db *db, const char *hash, const char *user, const char *desktop,
			  const char *protocol, gint64 expires_at, GError **error)
{
	return db_run(db, error,
		      "INSERT INTO ticket (hash, user_name, desktop, protocol, expires_at, used_at)"
		      " VALUES (?, ?, ?, ?, ?, 0)",
		      DB_TEXT(hash), DB_TEXT(user), DB_TEXT(desktop), DB_TEXT(protocol),
		      DB_INT(expires_at));
}

gboolean store_ticket_count(Db *db, const char *user, const char *desktop, gint64 after,
			    gint64 *out, GError **error)
{
	g_autoptr(DbRows)
		rows = db_select(db, error,
				 "SELECT COUNT(*) FROM ticket"
				 " WHERE desktop = ? AND user_name = ? AND expires_at > ?",
				 DB_TEXT(desktop), DB_TEXT(user), DB_INT(after));

	if (!rows || !db_rows_next(rows))
		return FALSE;
	*out = db_rows_int(rows, 0);
	return TRUE;
}

static const char *why_not(const DbRows *rows, const char *protocol, gint64 now)
{
	if (db_rows_int(rows, 4) != 0)
		return "is spent";
	if (db_rows_int(rows, 3) <= now)
		return "has expired";
	if (g_strcmp0(db_rows_text(rows, 2), protocol) != 0)
		return "was made for another protocol";
	return "cannot be used";
}

gboolean store_ticket_redeem(Db *db, const char *hash, const char *protocol, gint64 now,
			     char **out_user, char **out_desktop, GError **error)
{
	g_autoptr(DbRows) rows = NULL;
	gint64 spent =
		db_change(db, error,
			  "UPDATE ticket SET used_at = ?"
			  " WHERE hash = ? AND used_at = 0 AND expires_at > ? AND protocol = ?",
			  DB_INT(now), DB_TEXT(hash), DB_INT(now), DB_TEXT(protocol));

	if (spent < 0)
		return FALSE;
	rows = db_select(db, error,
			 "SELECT user_name, desktop, protocol, expires_at, used_at FROM ticket"
			 " WHERE hash = ?",
			 DB_TEXT(hash));
	if (!rows)
		return FALSE;
	if (!db_rows_next(rows)) {
		g_set_error(error, FAULT, FAULT_DENIED, "the ticket is unknown");
		return FALSE;
	}
	if (spent == 0) {
		g_set_error(error, FAULT, FAULT_DENIED, "the ticket of %s for %s %s",
			    db_rows_text(rows, 0), db_rows_text(rows, 1),
			    why_not(rows, protocol, now));
		return FALSE;
	}
	*out_user = db_rows_dup(rows, 0);
	*out_desktop = db_rows_dup(rows, 1);
	return TRUE;
}

gboolean store_ticket_refused(Db *db, const char *hash, unsigned times)
{
	return db_change(db, NULL,
			 "UPDATE ticket SET refused = refused + 1 WHERE hash = ? AND refused < ?",
			 DB_TEXT(hash), DB_INT(times)) > 0;
}

gboolean store_ticket_withdraw(Db *db, const char *pool, GError **error)
{
	return db_run(db, error,
		      "DELETE FROM ticket WHERE used_at = 0"
		      " AND desktop IN (SELECT id FROM desktop WHERE pool = ?)",
		      DB_TEXT(pool));
}

gboolean store_ticket_latest(Db *db, const char *desktop, gint64 now, gint64 *out_expires,
			     GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT COALESCE(MAX(expires_at), 0) FROM ticket"
					   " WHERE desktop = ? AND used_at = 0 AND expires_at > ?",
					   DB_TEXT(desktop), DB_INT(now));

	if (!rows || !db_rows_next(rows))
		return FALSE;
	*out_expires = db_rows_int(rows, 0);
	return TRUE;
}

gboolean store_ticket_clean(Db *db, gint64 before, GError **error)
{
	return db_run(db, error, "DELETE FROM ticket WHERE expires_at < ?", DB_INT(before));
}
