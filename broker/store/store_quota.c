/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_quota: see store_quota.h. */
#include "store_quota.h"

#include "fault.h"

GPtrArray *store_quotas(Db *db, GError **error)
{
	g_autoptr(DbRows)
		rows = db_select(db, error,
				 "SELECT kind, name, desktops, sessions, memory, cpus FROM quota"
				 " ORDER BY kind, name");
	GPtrArray *quotas;

	if (!rows)
		return NULL;
	quotas = g_ptr_array_new_with_free_func((GDestroyNotify)quota_view_free);
	while (db_rows_next(rows)) {
		QuotaView *quota = g_new0(QuotaView, 1);

		quota->kind = db_rows_dup(rows, 0);
		quota->name = db_rows_dup(rows, 1);
		quota->desktops = (unsigned)db_rows_int(rows, 2);
		quota->sessions = (unsigned)db_rows_int(rows, 3);
		quota->memory = (unsigned)db_rows_int(rows, 4);
		quota->cpus = (unsigned)db_rows_int(rows, 5);
		g_ptr_array_add(quotas, quota);
	}
	return quotas;
}

gboolean store_quota_put(Db *db, const QuotaView *q, GError **error)
{
	return db_run(
		db, error,
		"INSERT INTO quota (kind, name, desktops, sessions, memory, cpus)"
		" VALUES (?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (kind, name) DO UPDATE SET desktops = excluded.desktops,"
		" sessions = excluded.sessions, memory = excluded.memory, cpus = excluded.cpus",
		DB_TEXT(q->kind), DB_TEXT(q->name), DB_INT(q->desktops), DB_INT(q->sessions),
		DB_INT(q->memory), DB_INT(q->cpus));
}

gboolean store_quota_remove(Db *db, const char *kind, const char *name, GError **error)
{
	gint64 removed = db_change(db, error, "DELETE FROM quota WHERE kind = ? AND name = ?",
				   DB_TEXT(kind), DB_TEXT(name));

	if (removed == 0)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no quota of %s '%s'", kind,
			    name);
	return removed > 0;
}

/* A desktop that was never made counts as what its pool would make. */
#define USE                                                                                       \
	"SELECT COUNT(*),"                                                                        \
	" COALESCE(SUM(CASE WHEN d.asked_until > ? OR EXISTS (SELECT 1 FROM session s"            \
	" WHERE s.desktop = d.id AND s.ended_at = 0) THEN 1 ELSE 0 END), 0),"                     \
	" COALESCE(SUM(CASE WHEN d.asked_until > ? OR d.state IN ('starting', 'ready', 'in-use'," \
	" 'suspended') THEN v.memory ELSE 0 END), 0),"                                            \
	" COALESCE(SUM(CASE WHEN d.asked_until > ? OR d.state IN ('starting', 'ready', 'in-use')" \
	" THEN v.cpus ELSE 0 END), 0)"                                                            \
	" FROM desktop d JOIN pool p ON p.name = d.pool"                                          \
	" LEFT JOIN image_version v ON v.image = COALESCE(d.image, p.image)"                      \
	" AND v.version = CASE WHEN d.image IS NULL THEN p.version ELSE d.version END"

gboolean store_quota_use(Db *db, const char *user, const char *pool, const char *except, gint64 now,
			 StoreUse *out, GError **error)
{
	g_autoptr(DbRows) rows =
		user ? db_select(db, error, USE " WHERE d.owner = ? AND d.id <> ?", DB_INT(now),
				 DB_INT(now), DB_INT(now), DB_TEXT(user), DB_TEXT(except))
		     : db_select(db, error,
				 USE " WHERE d.pool = ? AND d.owner IS NOT NULL AND d.id <> ?",
				 DB_INT(now), DB_INT(now), DB_INT(now), DB_TEXT(pool),
				 DB_TEXT(except));

	if (!rows || !db_rows_next(rows))
		return FALSE;
	*out = (StoreUse){
		.desktops = db_rows_int(rows, 0),
		.sessions = db_rows_int(rows, 1),
		.memory = db_rows_int(rows, 2),
		.cpus = db_rows_int(rows, 3),
	};
	return TRUE;
}
