/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_snapshot: see store_snapshot.h. */
#include "store_snapshot.h"

GPtrArray *store_snapshots(Db *db, const char *desktop, gboolean ready, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error,
			  "SELECT id, name, taken_at FROM snapshot WHERE desktop = ? AND ready = ?"
			  " ORDER BY taken_at DESC, id",
			  DB_TEXT(desktop), DB_INT(ready));
	GPtrArray *all;

	if (!rows)
		return NULL;
	all = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_view_free);
	while (db_rows_next(rows)) {
		SnapshotView *view = g_new0(SnapshotView, 1);

		view->id = db_rows_dup(rows, 0);
		view->name = db_rows_dup(rows, 1);
		view->taken_at = db_rows_int(rows, 2);
		g_ptr_array_add(all, view);
	}
	return all;
}

gboolean store_snapshot_add(Db *db, const char *desktop, const char *id, const char *name,
			    gint64 now, GError **error)
{
	return db_run(
		db, error,
		"INSERT INTO snapshot (id, desktop, name, taken_at, ready) VALUES (?, ?, ?, ?, 0)",
		DB_TEXT(id), DB_TEXT(desktop), DB_TEXT(name), DB_INT(now));
}

gboolean store_snapshot_ready(Db *db, const char *id, GError **error)
{
	return db_run(db, error, "UPDATE snapshot SET ready = 1 WHERE id = ?", DB_TEXT(id));
}

gboolean store_snapshot_remove(Db *db, const char *id, GError **error)
{
	return db_run(db, error, "DELETE FROM snapshot WHERE id = ?", DB_TEXT(id));
}
