/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_host: see store_host.h. */
#include "store_host.h"

#include "fault.h"

#define COLUMNS                                                                               \
	"h.name, h.provider, h.uri, h.broker, h.cpus, h.memory, h.cpu_ratio, h.memory_ratio," \
	" h.storage, h.state, h.detail, h.drain"
#define LOADS ", COALESCE(l.desktops, 0), COALESCE(l.cpus, 0), COALESCE(l.memory, 0)"

void host_view_free(HostView *h)
{
	if (!h)
		return;
	g_free(h->name);
	g_free(h->provider);
	g_free(h->uri);
	g_free(h->broker);
	g_free(h->storage);
	g_free(h->state);
	g_free(h->detail);
	g_free(h->hypervisor);
	g_strfreev(h->can);
	g_free(h);
}

void pool_hosts_view_clear(PoolHostsView *view)
{
	g_free(view->pool);
	g_strfreev(view->hosts);
	g_free(view->placement);
	*view = (PoolHostsView){0};
}

static HostView *read_row(const DbRows *rows)
{
	HostView *h = g_new0(HostView, 1);

	h->name = db_rows_dup(rows, 0);
	h->provider = db_rows_dup(rows, 1);
	h->uri = db_rows_dup(rows, 2);
	h->broker = db_rows_dup(rows, 3);
	h->cpus = (unsigned)db_rows_int(rows, 4);
	h->memory = (unsigned)db_rows_int(rows, 5);
	h->cpu_ratio = (unsigned)db_rows_int(rows, 6);
	h->memory_ratio = (unsigned)db_rows_int(rows, 7);
	h->storage = db_rows_dup(rows, 8);
	h->state = db_rows_dup(rows, 9);
	h->detail = db_rows_dup(rows, 10);
	h->drain = db_rows_int(rows, 11) != 0;
	return h;
}

GPtrArray *store_hosts(Db *db, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT " COLUMNS LOADS " FROM host h LEFT JOIN"
					   " host_load l ON l.host = h.name AND l.pool = ''"
					   " ORDER BY h.name");
	GPtrArray *hosts;

	if (!rows)
		return NULL;
	hosts = g_ptr_array_new_with_free_func((GDestroyNotify)host_view_free);
	while (db_rows_next(rows)) {
		HostView *h = read_row(rows);

		h->desktops = (unsigned)db_rows_int(rows, 12);
		h->used_cpus = (unsigned)db_rows_int(rows, 13);
		h->used_memory = (unsigned)db_rows_int(rows, 14);
		g_ptr_array_add(hosts, h);
	}
	return hosts;
}

HostView *store_host(Db *db, const char *name, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error, "SELECT " COLUMNS " FROM host h WHERE h.name = ?", DB_TEXT(name));

	if (!rows)
		return NULL;
	if (db_rows_next(rows))
		return read_row(rows);
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no host '%s'", name);
	return NULL;
}

gboolean store_host_put(Db *db, const HostView *h, GError **error)
{
	gint64 put =
		db_change(db, error,
			  "INSERT INTO host (name, provider, uri, broker, cpus, memory, cpu_ratio,"
			  " memory_ratio, storage, state, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
			  "?, 'up', '')"
			  " ON CONFLICT (name) DO UPDATE SET cpus = excluded.cpus,"
			  " memory = excluded.memory, cpu_ratio = excluded.cpu_ratio,"
			  " memory_ratio = excluded.memory_ratio, storage = excluded.storage"
			  " WHERE host.provider = excluded.provider AND host.uri = excluded.uri",
			  DB_TEXT(h->name), DB_TEXT(h->provider), DB_TEXT(h->uri),
			  DB_TEXT(h->broker), DB_INT(h->cpus), DB_INT(h->memory),
			  DB_INT(h->cpu_ratio), DB_INT(h->memory_ratio), DB_TEXT(h->storage));

	if (put == 0)
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "host '%s' exists with another provider or uri", h->name);
	return put > 0;
}

gboolean store_host_remove(Db *db, const char *name, GError **error)
{
	gint64 removed = db_change(db, error,
				   "DELETE FROM host WHERE name = ?"
				   " AND name NOT IN (SELECT host FROM placed)"
				   " AND name NOT IN (SELECT host FROM pool_host)",
				   DB_TEXT(name));
	g_autoptr(HostView) left = NULL;

	if (removed != 0)
		return removed > 0;
	left = store_host(db, name, error);
	if (left)
		g_set_error(error, FAULT, FAULT_BUSY,
			    "desktops are on host '%s', or a pool may use it", name);
	return FALSE;
}

gboolean store_host_set_state(Db *db, const char *name, const char *state, const char *detail,
			      GError **error)
{
	return db_run(db, error, "UPDATE host SET state = ?, detail = ? WHERE name = ?",
		      DB_TEXT(state), DB_TEXT(detail), DB_TEXT(name));
}

gboolean store_host_set_drain(Db *db, const char *name, gboolean drain, GError **error)
{
	return db_run(db, error, "UPDATE host SET drain = ? WHERE name = ?", DB_INT(drain),
		      DB_TEXT(name));
}

gboolean store_host_take_all(Db *db, const char *broker, GError **error)
{
	return db_run(db, error, "UPDATE host SET broker = ? WHERE broker <> ?", DB_TEXT(broker),
		      DB_TEXT(broker));
}

/* ---- pools */

gboolean store_host_of_pool(Db *db, const char *pool, PoolHostsView *out, GError **error)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	g_autoptr(DbRows) hosts =
		db_select(db, error, "SELECT host FROM pool_host WHERE pool = ? ORDER BY host",
			  DB_TEXT(pool));
	g_autoptr(DbRows) how =
		hosts ? db_select(db, error,
				  "SELECT placement, apart FROM pool_placement WHERE pool = ?",
				  DB_TEXT(pool))
		      : NULL;
	gboolean said;

	if (!how)
		return FALSE;
	while (db_rows_next(hosts))
		g_strv_builder_add(names, db_rows_text(hosts, 0));
	said = db_rows_next(how);
	*out = (PoolHostsView){
		.pool = g_strdup(pool),
		.hosts = g_strv_builder_end(names),
		.placement = said ? db_rows_dup(how, 0) : g_strdup("spread"),
		.apart = said ? (unsigned)db_rows_int(how, 1) : 0,
	};
	return TRUE;
}

gboolean store_host_set_pool(Db *db, const PoolHostsView *view, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);

	if (!tx.db ||
	    !db_run(db, error, "DELETE FROM pool_host WHERE pool = ?", DB_TEXT(view->pool)))
		return FALSE;
	for (char **host = view->hosts; host && *host; host++) {
		if (!db_run(db, error,
			    "INSERT INTO pool_host (pool, host) VALUES (?, ?)"
			    " ON CONFLICT (pool, host) DO NOTHING",
			    DB_TEXT(view->pool), DB_TEXT(*host)))
			return FALSE;
	}
	return db_run(db, error,
		      "INSERT INTO pool_placement (pool, placement, apart) VALUES (?, ?, ?)"
		      " ON CONFLICT (pool) DO UPDATE SET placement = excluded.placement,"
		      " apart = excluded.apart",
		      DB_TEXT(view->pool), DB_TEXT(view->placement), DB_INT(view->apart)) &&
	       db_commit(&tx, error);
}

/* 0..1 and more: how much of its memory is promised. */
#define FULLNESS "COALESCE(t.memory, 0) * 100.0 / (h.memory * h.memory_ratio + 1)"
#define PACK     "COALESCE(w.placement, 'spread') = 'pack'"

gboolean store_host_choose(Db *db, const char *pool, const char *broker, const char *storage,
			   unsigned cpus, unsigned memory, char **out_host, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error,
			  "SELECT h.name FROM pool_host p JOIN host h ON h.name = p.host"
			  " LEFT JOIN pool_placement w ON w.pool = p.pool"
			  " LEFT JOIN host_load t ON t.host = h.name AND t.pool = ''"
			  " LEFT JOIN host_load l ON l.host = h.name AND l.pool = p.pool"
			  " WHERE p.pool = ? AND h.state = 'up' AND h.drain = 0"
			  " AND (h.broker IS NULL OR h.broker = ?)"
			  " AND (? = 1 OR h.storage = ?)"
			  " AND (COALESCE(t.cpus, 0) + ?) * 100 <= h.cpus * h.cpu_ratio"
			  " AND (COALESCE(t.memory, 0) + ?) * 100 <= h.memory * h.memory_ratio"
			  " AND (COALESCE(w.apart, 0) = 0 OR COALESCE(l.desktops, 0) < w.apart)"
			  " ORDER BY CASE WHEN " PACK " THEN 0 ELSE COALESCE(l.desktops, 0) END,"
			  " CASE WHEN " PACK " THEN -1 ELSE 1 END * " FULLNESS ", h.name LIMIT 1",
			  DB_TEXT(pool), DB_TEXT(broker), DB_INT(storage == NULL), DB_TEXT(storage),
			  DB_INT(cpus), DB_INT(memory));

	if (!rows)
		return FALSE;
	*out_host = db_rows_next(rows) ? db_rows_dup(rows, 0) : NULL;
	return TRUE;
}

gboolean store_host_wanted(Db *db, const char *pool, gboolean *out, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error, "SELECT 1 FROM pool_host WHERE pool = ? LIMIT 1", DB_TEXT(pool));

	if (rows)
		*out = db_rows_next(rows);
	return rows != NULL;
}

gboolean store_host_any(Db *db, const char *pool, const char *broker, char **out_uri,
			GError **error)
{
	g_autoptr(DbRows)
		rows = db_select(db, error,
				 "SELECT h.uri FROM pool_host p JOIN host h ON h.name = p.host"
				 " WHERE p.pool = ? AND h.state = 'up'"
				 " AND (h.broker IS NULL OR h.broker = ?) LIMIT 1",
				 DB_TEXT(pool), DB_TEXT(broker));

	if (!rows)
		return FALSE;
	*out_uri = db_rows_next(rows) ? db_rows_dup(rows, 0) : NULL;
	return TRUE;
}

/* ---- desktops */

HostView *store_host_of(Db *db, const char *desktop, gboolean *out_placed, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
					   "SELECT " COLUMNS " FROM placed x JOIN host h"
					   " ON h.name = x.host WHERE x.desktop = ?",
					   DB_TEXT(desktop));

	*out_placed = rows && db_rows_next(rows);
	return *out_placed ? read_row(rows) : NULL;
}

GPtrArray *store_host_desktops(Db *db, const char *host, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error, "SELECT desktop FROM placed WHERE host = ? ORDER BY desktop",
			  DB_TEXT(host));
	GPtrArray *ids;

	if (!rows)
		return NULL;
	ids = g_ptr_array_new_with_free_func(g_free);
	while (db_rows_next(rows))
		g_ptr_array_add(ids, db_rows_dup(rows, 0));
	return ids;
}

gboolean store_host_unplace(Db *db, const char *desktop, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error, "SELECT host, pool, cpus, memory FROM placed WHERE desktop = ?",
		DB_TEXT(desktop));

	if (!rows)
		return FALSE;
	if (!db_rows_next(rows))
		return TRUE;
	return db_run(db, error,
		      "UPDATE host_load SET desktops = desktops - 1, cpus = cpus - ?,"
		      " memory = memory - ? WHERE host = ? AND pool IN ('', ?)",
		      DB_INT(db_rows_int(rows, 2)), DB_INT(db_rows_int(rows, 3)),
		      DB_TEXT(db_rows_text(rows, 0)), DB_TEXT(db_rows_text(rows, 1))) &&
	       db_run(db, error, "DELETE FROM placed WHERE desktop = ?", DB_TEXT(desktop));
}

gboolean store_host_place(Db *db, const char *desktop, const char *pool, const char *host,
			  unsigned cpus, unsigned memory, GError **error)
{
	return db_run(db, error,
		      "INSERT INTO placed (desktop, host, pool, cpus, memory)"
		      " VALUES (?, ?, ?, ?, ?)",
		      DB_TEXT(desktop), DB_TEXT(host), DB_TEXT(pool), DB_INT(cpus),
		      DB_INT(memory)) &&
	       db_run(db, error,
		      "INSERT INTO host_load (host, pool, desktops, cpus, memory)"
		      " VALUES (?, ?, 1, ?, ?), (?, '', 1, ?, ?) ON CONFLICT (host, pool) DO "
		      "UPDATE SET"
		      " desktops = host_load.desktops + 1, cpus = host_load.cpus + excluded.cpus,"
		      " memory = host_load.memory + excluded.memory",
		      DB_TEXT(host), DB_TEXT(pool), DB_INT(cpus), DB_INT(memory), DB_TEXT(host),
		      DB_INT(cpus), DB_INT(memory));
}

gboolean store_host_recount(Db *db, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);

	return tx.db && db_run(db, error, "DELETE FROM host_load") &&
	       db_run(db, error,
		      "INSERT INTO host_load (host, pool, desktops, cpus, memory)"
		      " SELECT host, pool, COUNT(*), SUM(cpus), SUM(memory) FROM placed"
		      " GROUP BY host, pool") &&
	       db_run(db, error,
		      "INSERT INTO host_load (host, pool, desktops, cpus, memory)"
		      " SELECT host, '', COUNT(*), SUM(cpus), SUM(memory) FROM placed"
		      " GROUP BY host") &&
	       db_commit(&tx, error);
}
