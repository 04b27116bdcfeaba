/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_clock: see store_clock.h. */
#include "store_clock.h"

#include "store_desktop.h"

#define LIVE "ended_at = 0 AND broker = COALESCE(?, broker)"
#define LATER(time) \
	time " = CASE WHEN " time " > 0 AND " time " <> ? THEN " time " + ? ELSE " time " END"
#define HELD_LATER    LATER("held_until")
#define DUE_LATER     LATER("due_at")
#define ASKED_LATER   LATER("asked_until")
#define ARGS_OF_LATER DB_INT(STORE_DESKTOP_KEPT), DB_INT(seconds)

gboolean store_clock_shift(Db *db, const char *broker, gboolean shared, gint64 seconds,
			   GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);

	return tx.db &&
	       db_run(db, error,
		      "UPDATE session_input SET at = at + ? WHERE session IN"
		      " (SELECT id FROM session WHERE " LIVE ")",
		      DB_INT(seconds), DB_TEXT(broker)) &&
	       db_run(db, error, "UPDATE session SET started_at = started_at + ? WHERE " LIVE,
		      DB_INT(seconds), DB_TEXT(broker)) &&
	       db_run(db, error,
		      "UPDATE desktop SET " HELD_LATER ", " DUE_LATER ", " ASKED_LATER
		      " WHERE (held_until > 0 OR due_at > 0 OR asked_until > 0)"
		      " AND (broker = COALESCE(?, broker) OR (broker IS NULL AND ? = 1))",
		      ARGS_OF_LATER, ARGS_OF_LATER, ARGS_OF_LATER, DB_TEXT(broker),
		      DB_INT(shared)) &&
	       db_commit(&tx, error);
}
