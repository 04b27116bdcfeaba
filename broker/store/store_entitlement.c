/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_entitlement: see store_entitlement.h. */
#include "store_entitlement.h"

#include "fault.h"
#include "store_pool.h"

GPtrArray *store_entitlements(Db *db, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT pool, user_name, group_name FROM entitlement"
					   " ORDER BY pool, group_name, user_name");
	GPtrArray *list;

	if (!rows)
		return NULL;
	list = g_ptr_array_new_with_free_func((GDestroyNotify)entitlement_view_free);
	while (db_rows_next(rows)) {
		EntitlementView *view = g_new0(EntitlementView, 1);

		view->pool = db_rows_dup(rows, 0);
		if (*db_rows_text(rows, 1))
			view->user = db_rows_dup(rows, 1);
		else
			view->group = db_rows_dup(rows, 2);
		g_ptr_array_add(list, view);
	}
	return list;
}

static gboolean change(Db *db, const char *sql, const EntitlementView *to, GError **error)
{
	g_autoptr(PoolView) pool = store_pool(db, to->pool, error);

	return pool && db_run(db, error, sql, DB_TEXT(to->pool), DB_TEXT(to->user ? to->user : ""),
			      DB_TEXT(to->group ? to->group : ""));
}

gboolean store_entitle(Db *db, const EntitlementView *to, GError **error)
{
	return change(db,
		      "INSERT INTO entitlement (pool, user_name, group_name)"
		      " VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		      to, error);
}

gboolean store_unentitle(Db *db, const EntitlementView *to, GError **error)
{
	return change(db,
		      "DELETE FROM entitlement"
		      " WHERE pool = ? AND user_name = ? AND group_name = ?",
		      to, error);
}

static gboolean add_pools(Db *db, GHashTable *set, const char *sql, const char *name,
			  GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error, sql, DB_TEXT(name));

	if (!rows)
		return FALSE;
	while (db_rows_next(rows))
		g_hash_table_add(set, db_rows_dup(rows, 0));
	return TRUE;
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *store_entitled_pools(Db *db, const char *user, char **groups, GError **error)
{
	g_autoptr(GHashTable) set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iter;
	gpointer pool;
	GPtrArray *pools;

	/* The empty name stands for "not by user" in the table: nobody is called that. */
	if (*user &&
	    !add_pools(db, set, "SELECT pool FROM entitlement WHERE user_name = ?", user, error))
		return NULL;
	for (char **group = groups; group && *group; group++) {
		if (**group &&
		    !add_pools(db, set, "SELECT pool FROM entitlement WHERE group_name = ?", *group,
			       error))
			return NULL;
	}
	pools = g_ptr_array_new_with_free_func(g_free);
	g_hash_table_iter_init(&iter, set);
	while (g_hash_table_iter_next(&iter, &pool, NULL)) {
		g_ptr_array_add(pools, pool);
		g_hash_table_iter_steal(&iter);
	}
	g_ptr_array_sort(pools, by_text);
	return pools;
}
