/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_maintenance: see store_maintenance.h. */
#include "store_maintenance.h"

#include "fault.h"

/* The sessions that still run on it: a host is a provider, or a broker's machine. */
#define SESSIONS                                                                          \
	"(SELECT COUNT(*) FROM session s JOIN desktop d ON d.id = s.desktop"              \
	" JOIN pool p ON p.name = d.pool WHERE s.ended_at = 0 AND ("                      \
	"(m.kind = 'pool' AND m.name = p.name) OR (m.kind = 'desktop' AND m.name = d.id)" \
	" OR (m.kind = 'host' AND (m.name = d.broker OR m.name ="                         \
	" (SELECT x.host FROM placed x WHERE x.desktop = d.id) OR m.name ="               \
	" CASE p.uri WHEN '' THEN p.provider ELSE p.provider || ' ' || p.uri END))))"

GPtrArray *store_maintenances(Db *db, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT m.kind, m.name, m.words, m.since, " SESSIONS
					   " FROM maintenance m ORDER BY m.kind, m.name");
	GPtrArray *all;

	if (!rows)
		return NULL;
	all = g_ptr_array_new_with_free_func((GDestroyNotify)maintenance_view_free);
	while (db_rows_next(rows)) {
		MaintenanceView *view = g_new0(MaintenanceView, 1);

		view->kind = db_rows_dup(rows, 0);
		view->name = db_rows_dup(rows, 1);
		view->words = db_rows_dup(rows, 2);
		view->since = db_rows_int(rows, 3);
		view->sessions = (unsigned)db_rows_int(rows, 4);
		g_ptr_array_add(all, view);
	}
	return all;
}

gboolean store_maintenance_put(Db *db, const MaintenanceView *view, GError **error)
{
	return db_run(db, error,
		      "INSERT INTO maintenance (kind, name, words, since) VALUES (?, ?, ?, ?)"
		      " ON CONFLICT (kind, name) DO UPDATE SET words = excluded.words",
		      DB_TEXT(view->kind), DB_TEXT(view->name), DB_TEXT(view->words),
		      DB_INT(view->since));
}

gboolean store_maintenance_remove(Db *db, const char *kind, const char *name, GError **error)
{
	gint64 removed = db_change(db, error, "DELETE FROM maintenance WHERE kind = ? AND name = ?",
				   DB_TEXT(kind), DB_TEXT(name));

	if (removed == 0)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s '%s' is not in maintenance", kind,
			    name);
	return removed > 0;
}

gboolean store_maintenance_forget(Db *db, const char *kind, const char *name, GError **error)
{
	return db_run(db, error, "DELETE FROM maintenance WHERE kind = ? AND name = ?",
		      DB_TEXT(kind), DB_TEXT(name));
}

gboolean store_maintenance_of(Db *db, const char *pool, const char *provider, const char *host,
			      const char *desktop, char **out_words, GError **error)
{
	g_autoptr(DbRows)
		rows = db_select(db, error,
				 "SELECT words FROM maintenance WHERE (kind = 'pool' AND name = ?)"
				 " OR (kind = 'host' AND name IN (?, ?,"
				 " (SELECT x.host FROM placed x WHERE x.desktop = ?)))"
				 " OR (kind = 'desktop' AND name = ?)"
				 " ORDER BY kind LIMIT 1",
				 DB_TEXT(pool), DB_TEXT(provider), DB_TEXT(host), DB_TEXT(desktop),
				 DB_TEXT(desktop));

	if (!rows)
		return FALSE;
	*out_words = db_rows_next(rows) ? db_rows_dup(rows, 0) : NULL;
	return TRUE;
}
