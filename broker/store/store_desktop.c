/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_desktop: see store_desktop.h. */
#include "store_desktop.h"

#include "fault.h"
#include "search.h"
#include "secret.h"
#include "store_host.h"
#include "store_maintenance.h"

/* card: an expression, whether it has one. */
#define SELECT_WITH(card)                                                                      \
	"SELECT d.id, d.name, d.pool, p.kind, d.owner, d.state, d.detail, d.identity, d.used," \
	" d.held_until, d.last_used, d.address, d.protocol, d.secret, d.broker, d.image,"      \
	" d.version, " card " FROM desktop d JOIN pool p ON p.name = d.pool"
#define SELECT SELECT_WITH("0")
/* A network card whose address is ours: of libvirt's "user" there is none, a template may have one.
 */
#define CARD                                                                            \
	"COALESCE((SELECT 1 FROM image_version v WHERE v.image = d.image"               \
	" AND v.version = d.version AND ((p.provider = 'qemu' AND v.network <> 'none')" \
	" OR (p.provider = 'libvirt' AND (v.xml IS NOT NULL OR v.network LIKE 'bridge:%')))), 0)"

void store_desktop_free(StoreDesktop *d)
{
	if (!d)
		return;
	g_free(d->id);
	g_free(d->name);
	g_free(d->pool);
	g_free(d->kind);
	g_free(d->owner);
	g_free(d->state);
	g_free(d->detail);
	g_free(d->identity);
	g_free(d->used);
	g_free(d->address);
	g_free(d->protocol);
	secret_free(d->secret);
	g_free(d->broker);
	g_free(d->image);
	g_free(d);
}

gboolean store_desktop_clean(const StoreDesktop *d)
{
	return !d->used || (d->identity && !g_str_equal(d->identity, d->used));
}

static StoreDesktop *read_row(const DbRows *rows)
{
	StoreDesktop *d = g_new0(StoreDesktop, 1);

	d->id = db_rows_dup(rows, 0);
	d->name = db_rows_dup(rows, 1);
	d->pool = db_rows_dup(rows, 2);
	d->kind = db_rows_dup(rows, 3);
	d->owner = db_rows_dup(rows, 4);
	d->state = db_rows_dup(rows, 5);
	d->detail = db_rows_dup(rows, 6);
	d->identity = db_rows_dup(rows, 7);
	d->used = db_rows_dup(rows, 8);
	d->held_until = db_rows_int(rows, 9);
	d->last_used = db_rows_int(rows, 10);
	d->address = db_rows_dup(rows, 11);
	d->protocol = db_rows_dup(rows, 12);
	d->secret = secret_dup(db_rows_text(rows, 13));
	d->broker = db_rows_dup(rows, 14);
	d->image = db_rows_dup(rows, 15);
	d->version = (unsigned)db_rows_int(rows, 16);
	d->card = db_rows_int(rows, 17) != 0;
	return d;
}

StoreDesktop *store_desktop(Db *db, const char *id, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error, SELECT " WHERE d.id = ?", DB_TEXT(id));

	if (!rows)
		return NULL;
	if (db_rows_next(rows))
		return read_row(rows);
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no desktop '%s'", id);
	return NULL;
}

static GPtrArray *read_all(DbRows *rows)
{
	GPtrArray *desktops;

	if (!rows)
		return NULL;
	desktops = g_ptr_array_new_with_free_func((GDestroyNotify)store_desktop_free);
	while (db_rows_next(rows))
		g_ptr_array_add(desktops, read_row(rows));
	return desktops;
}

GPtrArray *store_desktops(Db *db, const char *pool, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error, SELECT " WHERE d.pool = COALESCE(?, d.pool) ORDER BY d.pool, d.name",
		DB_TEXT(pool));

	return read_all(rows);
}

#define NAMED(way) "d.pool" way ", LENGTH(d.name)" way ", d.name" way
#define WORDS                                                                                    \
	"LOWER(d.name || ' ' || d.pool || ' ' || d.state || ' ' || COALESCE(d.owner, '') || ' '" \
	" || COALESCE(d.image, '') || ' ' || d.detail || ' ' || COALESCE(d.address, '')"         \
	" || ' ' || d.id)"

GPtrArray *store_desktops_found(Db *db, const char *text, const char *order, gboolean down,
				unsigned limit, GError **error)
{
	static const SearchOrder orders[] = {
		{"name", NAMED(""), NAMED(" DESC")},
		{"pool", "d.pool, " NAMED(""), "d.pool DESC, " NAMED("")},
		{"state", "d.state, " NAMED(""), "d.state DESC, " NAMED("")},
		{"user", "COALESCE(d.owner, ''), " NAMED(""),
		 "COALESCE(d.owner, '') DESC, " NAMED("")},
		{"used", "d.last_used, " NAMED(""), "d.last_used DESC, " NAMED("")},
	};
	g_auto(Search) search = {0};
	g_autoptr(DbRows) rows = NULL;

	search_begin(&search, SELECT_WITH(CARD) " WHERE 1 = 1", WORDS, text);
	rows = search_rows(&search, db, search_order(orders, G_N_ELEMENTS(orders), order, down),
			   limit, error);
	return read_all(rows);
}

GPtrArray *store_desktops_of(Db *db, const char *user, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error, SELECT " WHERE d.owner = ? ORDER BY d.name", DB_TEXT(user));

	return read_all(rows);
}

GPtrArray *store_desktops_left(Db *db, const char *user, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error,
			  SELECT " WHERE d.owner = ? AND d.state IN ('ready', 'off', 'suspended')"
				 " AND d.used = d.identity ORDER BY d.id",
			  DB_TEXT(user));

	return read_all(rows);
}

gboolean store_desktop_count(Db *db, const char *pool, unsigned *out, GError **error)
{
	g_autoptr(DbRows) rows =
		db_select(db, error, "SELECT COUNT(*) FROM desktop WHERE pool = ?", DB_TEXT(pool));

	if (!rows || !db_rows_next(rows))
		return FALSE;
	*out = (unsigned)db_rows_int(rows, 0);
	return TRUE;
}

gboolean store_desktop_name_taken(Db *db, const char *pool, const char *name, gboolean *out,
				  GError **error)
{
	g_autoptr(DbRows)
		rows = db_select(db, error, "SELECT 1 FROM desktop WHERE pool = ? AND name = ?",
				 DB_TEXT(pool), DB_TEXT(name));

	if (rows)
		*out = db_rows_next(rows);
	return rows != NULL;
}

gboolean store_desktop_add(Db *db, const StoreDesktop *d, GError **error)
{
	gint64 added = db_change(
		db, error,
		"INSERT INTO desktop (id, name, pool, owner, state, detail, identity, used,"
		" held_until, last_used, address, protocol, secret, broker, image, version)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (pool, name) DO NOTHING",
		DB_TEXT(d->id), DB_TEXT(d->name), DB_TEXT(d->pool), DB_TEXT(d->owner),
		DB_TEXT(d->state), DB_TEXT(d->detail ? d->detail : ""), DB_TEXT(d->identity),
		DB_TEXT(d->used), DB_INT(d->held_until), DB_INT(d->last_used), DB_TEXT(d->address),
		DB_TEXT(d->protocol), DB_TEXT(d->secret), DB_TEXT(d->broker), DB_TEXT(d->image),
		DB_INT(d->version));

	if (added == 0)
		g_set_error(error, FAULT, FAULT_CLIENT, "pool '%s' has a desktop '%s' already",
			    d->pool, d->name);
	return added > 0;
}

gboolean store_desktop_remove(Db *db, const char *id, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);

	return tx.db && store_host_unplace(db, id, error) &&
	       store_maintenance_forget(db, "desktop", id, error) &&
	       db_run(db, error, "DELETE FROM desktop WHERE id = ?", DB_TEXT(id)) &&
	       db_commit(&tx, error);
}

gboolean store_desktop_set_state(Db *db, const char *id, const char *state, const char *detail,
				 GError **error)
{
	return db_run(db, error, "UPDATE desktop SET state = ?, detail = ? WHERE id = ?",
		      DB_TEXT(state), DB_TEXT(detail), DB_TEXT(id));
}

gboolean store_desktop_set_unused(Db *db, const char *id, const char *state, const char *detail,
				  gboolean *out_unused, GError **error)
{
	gint64 set = db_change(
		db, error,
		"UPDATE desktop SET state = ?, detail = ? WHERE id = ? AND state <> 'in-use'",
		DB_TEXT(state), DB_TEXT(detail), DB_TEXT(id));

	*out_unused = set > 0;
	return set >= 0;
}

gboolean store_desktop_set_broker(Db *db, const char *id, const char *broker, GError **error)
{
	return db_run(db, error, "UPDATE desktop SET broker = ? WHERE id = ?", DB_TEXT(broker),
		      DB_TEXT(id));
}

gboolean store_desktop_take_all(Db *db, const char *broker, GError **error)
{
	return db_run(db, error, "UPDATE desktop SET broker = ? WHERE broker <> ?", DB_TEXT(broker),
		      DB_TEXT(broker));
}

gboolean store_desktop_set_identity(Db *db, const char *id, const char *identity, const char *image,
				    unsigned version, GError **error)
{
	/* One that was made while its version went out of use rests on nothing. */
	gint64 written = db_change(
		db, error,
		"UPDATE desktop SET identity = ?, image = ?, version = ? WHERE id = ?"
		" AND EXISTS (SELECT 1 FROM image_version v WHERE v.image = ? AND v.version = ?)",
		DB_TEXT(identity), DB_TEXT(image), DB_INT(version), DB_TEXT(id), DB_TEXT(image),
		DB_INT(version));

	if (written == 0)
		g_set_error(error, FAULT, FAULT_NOT_FOUND,
			    "desktop %s, or version %u of image '%s', is no more", id, version,
			    image);
	return written > 0;
}

gboolean store_desktop_clear_identity(Db *db, const char *id, GError **error)
{
	/* The snapshots were in the overlay that is gone. */
	if (!db_run(db, error, "DELETE FROM snapshot WHERE desktop = ?", DB_TEXT(id)))
		return FALSE;
	return db_run(db, error, "UPDATE desktop SET identity = NULL WHERE id = ?", DB_TEXT(id));
}
