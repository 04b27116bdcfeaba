/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_audit: see store_audit.h. */
#include "store_audit.h"

#define COLUMNS                                                                          \
	"id, at, event, user_name, peer, desktop, session, detail, bytes_in, bytes_out," \
	" milliseconds"
/* As it is called now, or was called when the session began. */
#define DESKTOP_NAME                                                           \
	" COALESCE((SELECT d.name FROM desktop d WHERE d.id = audit.desktop)," \
	" (SELECT s.desktop_name FROM session s WHERE s.id = audit.session))"

gboolean store_audit_add(Db *db, const AuditView *entry, GError **error)
{
	gint64 added;

	/* Another broker may take the number at the same moment: then the next one. */
	do
		added = db_change(
			db, error,
			"INSERT INTO audit (" COLUMNS ")"
			" SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM audit"
			" WHERE TRUE ON CONFLICT (id) DO NOTHING",
			DB_INT(entry->at), DB_TEXT(entry->event), DB_TEXT(entry->user),
			DB_TEXT(entry->peer), DB_TEXT(entry->desktop), DB_TEXT(entry->session),
			DB_TEXT(entry->detail), DB_INT(entry->bytes_in), DB_INT(entry->bytes_out),
			DB_INT(entry->milliseconds));
	while (added == 0);
	return added > 0;
}

static GPtrArray *read_entries(DbRows *rows)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)audit_view_free);

	while (db_rows_next(rows)) {
		AuditView *entry = g_new0(AuditView, 1);

		entry->id = db_rows_int(rows, 0);
		entry->at = db_rows_int(rows, 1);
		entry->event = db_rows_dup(rows, 2);
		entry->user = db_rows_dup(rows, 3);
		entry->peer = db_rows_dup(rows, 4);
		entry->desktop = db_rows_dup(rows, 5);
		entry->session = db_rows_dup(rows, 6);
		entry->detail = db_rows_dup(rows, 7);
		entry->bytes_in = (guint64)db_rows_int(rows, 8);
		entry->bytes_out = (guint64)db_rows_int(rows, 9);
		entry->milliseconds = (guint64)db_rows_int(rows, 10);
		entry->desktop_name = db_rows_dup(rows, 11);
		g_ptr_array_add(list, entry);
	}
	return list;
}

/* All that an entry says, and what its desktop is called. */
#define WORDS                                                                               \
	"LOWER(event || ' ' || COALESCE(user_name, '') || ' ' || COALESCE(peer, '') || ' '" \
	" || COALESCE(desktop, '') || ' ' || COALESCE(session, '') || ' '"                  \
	" || COALESCE(detail, '') || ' ' || COALESCE(" DESKTOP_NAME ", ''))"

GPtrArray *store_audit(Db *db, gint64 before_id, unsigned limit, const char *text, GError **error)
{
	g_autofree char *pattern = db_pattern(text);
	gint64 before = before_id > 0 ? before_id : G_MAXINT64;
	g_autoptr(DbRows) rows =
		text ? db_select(db, error,
				 "SELECT " COLUMNS "," DESKTOP_NAME " FROM audit WHERE id < ?"
				 " AND " WORDS " LIKE ? ESCAPE '!' ORDER BY id DESC LIMIT ?",
				 DB_INT(before), DB_TEXT(pattern), DB_INT(limit))
		     : db_select(db, error,
				 "SELECT " COLUMNS "," DESKTOP_NAME " FROM audit WHERE id < ?"
				 " ORDER BY id DESC LIMIT ?",
				 DB_INT(before), DB_INT(limit));

	return rows ? read_entries(rows) : NULL;
}

GPtrArray *store_audit_after(Db *db, gint64 id, unsigned limit, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT " COLUMNS "," DESKTOP_NAME
					   " FROM audit WHERE id > ? ORDER BY id LIMIT ?",
					   DB_INT(id), DB_INT(limit));

	return rows ? read_entries(rows) : NULL;
}

gboolean store_audit_last(Db *db, gint64 *out_id, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error, "SELECT COALESCE(MAX(id), 0) FROM audit");

	if (!rows || !db_rows_next(rows))
		return FALSE;
	*out_id = db_rows_int(rows, 0);
	return TRUE;
}
