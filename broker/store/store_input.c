/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_input: see store_input.h. */
#include "store_input.h"

gboolean store_input_put(Db *db, const char *session, gint64 at, guint64 round_trip, GError **error)
{
	return db_run(db, error,
		      "INSERT INTO session_input (session, at, round_trip)"
		      " SELECT id, ?, ? FROM session WHERE id = ? AND ended_at = 0"
		      " ON CONFLICT (session) DO UPDATE SET at = excluded.at,"
		      " round_trip = CASE excluded.round_trip WHEN 0"
		      " THEN session_input.round_trip ELSE excluded.round_trip END"
		      " WHERE session_input.at < excluded.at",
		      DB_INT(at), DB_INT(round_trip), DB_TEXT(session));
}

gboolean store_input_clean(Db *db, GError **error)
{
	return db_run(db, error,
		      "DELETE FROM session_input"
		      " WHERE session NOT IN (SELECT id FROM session WHERE ended_at = 0)");
}
