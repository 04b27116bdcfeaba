/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_message: see store_message.h. */
#include "store_message.h"

#include "fault.h"

#define EACH_MAX 50

gboolean store_message_add(Db *db, const MessageView *message, gint64 oldest, GError **error)
{
	gint64 added;

	if (!db_run(db, error, "DELETE FROM message WHERE at < ?", DB_INT(oldest)))
		return FALSE;
	added = db_change(
		db, error,
		"INSERT INTO message (id, user_name, sender, text, at) SELECT ?, ?, ?, ?, ?"
		" WHERE (SELECT COUNT(*) FROM message WHERE user_name = ?) < ?",
		DB_TEXT(message->id), DB_TEXT(message->user), DB_TEXT(message->sender),
		DB_TEXT(message->text), DB_INT(message->at), DB_TEXT(message->user),
		DB_INT(EACH_MAX));
	if (added == 0)
		g_set_error(error, FAULT, FAULT_BUSY, "%s has %d messages of today already",
			    message->user, EACH_MAX);
	return added > 0;
}

GPtrArray *store_messages(Db *db, const char *user, gint64 since, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT id, user_name, sender, text, at FROM message"
					   " WHERE user_name = ? AND at >= ? ORDER BY at, id",
					   DB_TEXT(user), DB_INT(since));
	GPtrArray *messages;

	if (!rows)
		return NULL;
	messages = g_ptr_array_new_with_free_func((GDestroyNotify)message_view_free);
	while (db_rows_next(rows)) {
		MessageView *message = g_new0(MessageView, 1);

		message->id = db_rows_dup(rows, 0);
		message->user = db_rows_dup(rows, 1);
		message->sender = db_rows_dup(rows, 2);
		message->text = db_rows_dup(rows, 3);
		message->at = db_rows_int(rows, 4);
		g_ptr_array_add(messages, message);
	}
	return messages;
}
