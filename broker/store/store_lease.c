/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_lease: see store_lease.h. */
#include "store_lease.h"

#include "fault.h"

#define SELECT                                                                                    \
	"SELECT id, user_name, desktop, desktop_name, pool, protocol, via, peer, gateway, state," \
	" started_at, client_id, backend_id, proof, broker FROM session WHERE ended_at = 0"

void store_lease_free(StoreLease *l)
{
	if (!l)
		return;
	g_free(l->id);
	g_free(l->user);
	g_free(l->desktop);
	g_free(l->desktop_name);
	g_free(l->pool);
	g_free(l->protocol);
	g_free(l->via);
	g_free(l->peer);
	g_free(l->gateway);
	g_free(l->broker);
	g_free(l->proof);
	g_free(l);
}

gboolean store_lease_add(Db *db, const StoreLease *l, GError **error)
{
	return db_run(
		db, error,
		"INSERT INTO session (id, user_name, desktop, desktop_name, pool, protocol, via,"
		" peer, gateway, state, started_at, ended_at, reason, bytes_in, bytes_out,"
		" client_id, backend_id, proof, broker, audited)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'connecting', ?, 0, '', 0, 0, ?, ?, ?, ?, 0)",
		DB_TEXT(l->id), DB_TEXT(l->user), DB_TEXT(l->desktop), DB_TEXT(l->desktop_name),
		DB_TEXT(l->pool), DB_TEXT(l->protocol), DB_TEXT(l->via), DB_TEXT(l->peer),
		DB_TEXT(l->gateway), DB_INT(l->started_at), DB_INT(l->client_id),
		DB_INT(l->backend_id), DB_TEXT(l->proof), DB_TEXT(l->broker));
}

static StoreLease *read_row(const DbRows *rows)
{
	StoreLease *l = g_new0(StoreLease, 1);

	l->id = db_rows_dup(rows, 0);
	l->user = db_rows_dup(rows, 1);
	l->desktop = db_rows_dup(rows, 2);
	l->desktop_name = db_rows_dup(rows, 3);
	l->pool = db_rows_dup(rows, 4);
	l->protocol = db_rows_dup(rows, 5);
	l->via = db_rows_dup(rows, 6);
	l->peer = db_rows_dup(rows, 7);
	l->gateway = db_rows_dup(rows, 8);
	l->started = g_str_equal(db_rows_text(rows, 9), "live");
	l->started_at = db_rows_int(rows, 10);
	l->client_id = (guint32)db_rows_int(rows, 11);
	l->backend_id = (guint32)db_rows_int(rows, 12);
	l->proof = db_rows_dup(rows, 13);
	l->broker = db_rows_dup(rows, 14);
	return l;
}

GPtrArray *store_leases(Db *db, const char *broker, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error, SELECT " AND broker = COALESCE(?, broker)", DB_TEXT(broker));
	GPtrArray *leases;

	if (!rows)
		return NULL;
	leases = g_ptr_array_new_with_free_func((GDestroyNotify)store_lease_free);
	while (db_rows_next(rows))
		g_ptr_array_add(leases, read_row(rows));
	return leases;
}

GPtrArray *store_lease_brokers(Db *db, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error, "SELECT DISTINCT broker FROM session WHERE ended_at = 0");
	GPtrArray *names;

	if (!rows)
		return NULL;
	names = g_ptr_array_new_with_free_func(g_free);
	while (db_rows_next(rows))
		g_ptr_array_add(names, db_rows_dup(rows, 0));
	return names;
}

static gboolean one_live(gint64 changed, const char *id, GError **error)
{
	if (changed == 0)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no live session '%s'", id);
	return changed > 0;
}

gboolean store_lease_take(Db *db, const char *id, const char *broker, GError **error)
{
	return one_live(db_change(db, error,
				  "UPDATE session SET broker = ? WHERE id = ? AND ended_at = 0",
				  DB_TEXT(broker), DB_TEXT(id)),
			id, error);
}

gboolean store_lease_take_all(Db *db, const char *broker, GError **error)
{
	return db_run(db, error, "UPDATE session SET broker = ? WHERE ended_at = 0 AND broker <> ?",
		      DB_TEXT(broker), DB_TEXT(broker));
}

gboolean store_lease_set_via(Db *db, const char *id, const char *via, GError **error)
{
	return one_live(db_change(db, error,
				  "UPDATE session SET via = ? WHERE id = ? AND ended_at = 0",
				  DB_TEXT(via), DB_TEXT(id)),
			id, error);
}

StoreLease *store_lease(Db *db, const char *id, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error, SELECT " AND id = ?", DB_TEXT(id));

	if (!rows)
		return NULL;
	if (db_rows_next(rows))
		return read_row(rows);
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no live session '%s'", id);
	return NULL;
}

StoreLease *store_lease_of_client(Db *db, guint32 client_id, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error, SELECT " AND client_id = ? ORDER BY backend_id <> 0, started_at DESC",
		DB_INT(client_id));

	if (!rows)
		return NULL;
	if (client_id && db_rows_next(rows))
		return read_row(rows);
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no such session");
	return NULL;
}

gboolean store_lease_of_desktop(Db *db, const char *desktop, StoreLease **out, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error, SELECT " AND desktop = ?", DB_TEXT(desktop));

	if (!rows)
		return FALSE;
	*out = db_rows_next(rows) ? read_row(rows) : NULL;
	return TRUE;
}

gboolean store_lease_set_backend(Db *db, const char *id, guint32 backend_id, GError **error)
{
	return one_live(db_change(db, error,
				  "UPDATE session SET backend_id = ? WHERE id = ? AND ended_at = 0",
				  DB_INT(backend_id), DB_TEXT(id)),
			id, error);
}
