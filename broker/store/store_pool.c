/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_pool: see store_pool.h. */
#include "store_pool.h"

#include "fault.h"
#include "store_maintenance.h"

#define SELECT                                                                                   \
	"SELECT p.name, p.kind, p.image, p.provider, p.uri, p.max_desktops, p.spare, p.version," \
	" p.previous_image, p.previous_version, p.instant, p.weight FROM pool p"

static PoolView *read_row(const DbRows *rows)
{
	PoolView *pool = g_new0(PoolView, 1);

	pool->name = db_rows_dup(rows, 0);
	pool->kind = db_rows_dup(rows, 1);
	pool->image = db_rows_dup(rows, 2);
	pool->provider = db_rows_dup(rows, 3);
	pool->uri = db_rows_dup(rows, 4);
	pool->max = (unsigned)db_rows_int(rows, 5);
	pool->spare = (unsigned)db_rows_int(rows, 6);
	pool->version = (unsigned)db_rows_int(rows, 7);
	pool->previous_image = db_rows_dup(rows, 8);
	pool->previous_version = (unsigned)db_rows_int(rows, 9);
	pool->instant = db_rows_int(rows, 10) != 0;
	pool->weight = (unsigned)db_rows_int(rows, 11);
	return pool;
}

GPtrArray *store_pools(Db *db, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error, SELECT " ORDER BY p.name");
	GPtrArray *pools;

	if (!rows)
		return NULL;
	pools = g_ptr_array_new_with_free_func((GDestroyNotify)pool_view_free);
	while (db_rows_next(rows))
		g_ptr_array_add(pools, read_row(rows));
	return pools;
}

PoolView *store_pool(Db *db, const char *name, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error, SELECT " WHERE p.name = ?", DB_TEXT(name));

	if (!rows)
		return NULL;
	if (db_rows_next(rows))
		return read_row(rows);
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no pool '%s'", name);
	return NULL;
}

gboolean store_pool_count(Db *db, PoolView *pool, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT COUNT(*), COALESCE(SUM(CASE state WHEN 'in-use' THEN 1 ELSE 0 END), 0),"
		" COALESCE(SUM(CASE WHEN identity IS NULL OR (image = ? AND version = ?)"
		" THEN 0 ELSE 1 END), 0),"
		" COALESCE(SUM(CASE state WHEN 'ready' THEN 1 ELSE 0 END), 0),"
		" COALESCE(SUM(CASE state WHEN 'failed' THEN 1 ELSE 0 END), 0)"
		" FROM desktop WHERE pool = ?",
		DB_TEXT(pool->image), DB_INT(pool->version), DB_TEXT(pool->name));

	if (!rows || !db_rows_next(rows))
		return FALSE;
	pool->total = (unsigned)db_rows_int(rows, 0);
	pool->busy = (unsigned)db_rows_int(rows, 1);
	pool->stale = (unsigned)db_rows_int(rows, 2);
	pool->ready = (unsigned)db_rows_int(rows, 3);
	pool->failed = (unsigned)db_rows_int(rows, 4);
	return TRUE;
}

gboolean store_pool_put(Db *db, const PoolView *pool, GError **error)
{
	gint64 changed = db_change(
		db, error,
		"INSERT INTO pool (name, kind, image, provider, uri, max_desktops, spare, version,"
		" instant, weight) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (name) DO UPDATE SET"
		" max_desktops = excluded.max_desktops, spare = excluded.spare,"
		" instant = excluded.instant,"
		" weight = CASE WHEN ? > 0 THEN excluded.weight ELSE pool.weight END"
		" WHERE pool.kind = excluded.kind AND pool.provider = excluded.provider"
		" AND pool.uri = excluded.uri",
		DB_TEXT(pool->name), DB_TEXT(pool->kind), DB_TEXT(pool->image),
		DB_TEXT(pool->provider), DB_TEXT(pool->uri), DB_INT(pool->max), DB_INT(pool->spare),
		DB_INT(pool->version), DB_INT(pool->instant),
		DB_INT(pool->weight ? pool->weight : 100), DB_INT(pool->weight));

	if (changed == 0)
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "pool '%s' exists with another kind, provider or uri", pool->name);
	return changed > 0;
}

gboolean store_pool_publish(Db *db, const char *name, const char *image, unsigned version,
			    GError **error)
{
	/* What was published remains as the one to go back to. */
	return db_run(db, error,
		      "UPDATE pool SET previous_image = image, previous_version = version,"
		      " image = ?, version = ? WHERE name = ? AND NOT (image = ? AND version = ?)",
		      DB_TEXT(image), DB_INT(version), DB_TEXT(name), DB_TEXT(image),
		      DB_INT(version));
}

gboolean store_pool_close(Db *db, const char *name, GError **error)
{
	return db_run(db, error, "DELETE FROM entitlement WHERE pool = ?", DB_TEXT(name)) &&
	       db_run(db, error, "UPDATE pool SET max_desktops = 0, spare = 0 WHERE name = ?",
		      DB_TEXT(name));
}

gboolean store_pool_remove(Db *db, const char *name, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);
	gint64 removed =
		tx.db ? db_change(db, error, "DELETE FROM pool WHERE name = ?", DB_TEXT(name)) : -1;

	if (removed == 0)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no pool '%s'", name);
	return removed > 0 && store_maintenance_forget(db, "pool", name, error) &&
	       db_commit(&tx, error);
}
