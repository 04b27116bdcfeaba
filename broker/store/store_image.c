/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_image: see store_image.h. */
#include "store_image.h"

#include "fault.h"

#define COLUMNS                                                                               \
	"v.image, v.version, v.disk, v.kernel, v.initrd, v.cmdline, v.xml, v.memory, v.cpus," \
	" v.video, v.files, v.added_at, v.network"

static ImageView *read_row(const DbRows *rows)
{
	ImageView *image = g_new0(ImageView, 1);

	image->name = db_rows_dup(rows, 0);
	image->version = (unsigned)db_rows_int(rows, 1);
	image->disk = db_rows_dup(rows, 2);
	image->kernel = db_rows_dup(rows, 3);
	image->initrd = db_rows_dup(rows, 4);
	image->cmdline = db_rows_dup(rows, 5);
	image->xml = db_rows_dup(rows, 6);
	image->memory = (unsigned)db_rows_int(rows, 7);
	image->cpus = (unsigned)db_rows_int(rows, 8);
	image->video = db_rows_dup(rows, 9);
	image->files = db_rows_dup(rows, 10);
	image->added_at = db_rows_int(rows, 11);
	image->network = db_rows_dup(rows, 12);
	return image;
}

static GPtrArray *read_all(DbRows *rows)
{
	GPtrArray *images;

	if (!rows)
		return NULL;
	images = g_ptr_array_new_with_free_func((GDestroyNotify)image_view_free);
	while (db_rows_next(rows))
		g_ptr_array_add(images, read_row(rows));
	return images;
}

GPtrArray *store_images(Db *db, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT " COLUMNS " FROM image_version v ORDER BY v.image, v.version DESC");

	return read_all(rows);
}

ImageView *store_image(Db *db, const char *name, unsigned version, GError **error)
{
	g_autoptr(DbRows) rows = db_select(
		db, error,
		"SELECT " COLUMNS " FROM image_version v WHERE v.image = ? AND v.version ="
		" COALESCE(NULLIF(?, 0), (SELECT newest FROM image WHERE name = v.image))",
		DB_TEXT(name), DB_INT(version));

	if (!rows)
		return NULL;
	if (db_rows_next(rows))
		return read_row(rows);
	if (version)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "image '%s' has no version %u", name,
			    version);
	else
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no image '%s'", name);
	return NULL;
}

gboolean store_image_add(Db *db, const ImageView *image, gint64 now, unsigned *out_version,
			 GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);
	g_autoptr(DbRows) rows = NULL;
	unsigned version;

	if (!tx.db || !db_run(db, error,
			      "INSERT INTO image (name, newest) VALUES (?, 1)"
			      " ON CONFLICT (name) DO UPDATE SET newest = image.newest + 1",
			      DB_TEXT(image->name)))
		return FALSE;
	rows = db_select(db, error, "SELECT newest FROM image WHERE name = ?",
			 DB_TEXT(image->name));
	if (!rows || !db_rows_next(rows))
		return FALSE;
	version = (unsigned)db_rows_int(rows, 0);
	if (!db_run(db, error,
		    "INSERT INTO image_version (image, version, disk, kernel, initrd, cmdline, xml,"
		    " memory, cpus, video, files, added_at, network)"
		    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    DB_TEXT(image->name), DB_INT(version), DB_TEXT(image->disk),
		    DB_TEXT(image->kernel), DB_TEXT(image->initrd), DB_TEXT(image->cmdline),
		    DB_TEXT(image->xml), DB_INT(image->memory), DB_INT(image->cpus),
		    DB_TEXT(image->video), DB_TEXT(image->files), DB_INT(now),
		    DB_TEXT(image->network ? image->network : "none")) ||
	    !db_commit(&tx, error))
		return FALSE;
	*out_version = version;
	return TRUE;
}

/* *out_user: who uses the image, in words; NULL = nobody. */
static gboolean find_user(Db *db, const char *name, char **out_user, GError **error)
{
	g_autoptr(DbRows) pools = db_select(
		db, error, "SELECT name FROM pool WHERE image = ? LIMIT 1", DB_TEXT(name));
	g_autoptr(DbRows) desktops = NULL;

	if (!pools)
		return FALSE;
	if (db_rows_next(pools)) {
		*out_user = g_strdup_printf("pool '%s'", db_rows_text(pools, 0));
		return TRUE;
	}
	desktops = db_select(db, error, "SELECT name FROM desktop WHERE image = ? LIMIT 1",
			     DB_TEXT(name));
	if (!desktops)
		return FALSE;
	if (db_rows_next(desktops))
		*out_user = g_strdup_printf("desktop '%s'", db_rows_text(desktops, 0));
	return TRUE;
}

gboolean store_image_remove(Db *db, const char *name, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);
	g_autofree char *user = NULL;
	gint64 removed;

	if (!tx.db || !find_user(db, name, &user, error))
		return FALSE;
	if (user) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s uses image '%s'", user, name);
		return FALSE;
	}
	/* Nobody can go back to what is no more. */
	if (!db_run(db, error,
		    "UPDATE pool SET previous_image = NULL, previous_version = 0"
		    " WHERE previous_image = ?",
		    DB_TEXT(name)))
		return FALSE;
	removed = db_change(db, error, "DELETE FROM image WHERE name = ?", DB_TEXT(name));
	if (removed < 0)
		return FALSE;
	if (removed == 0) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no image '%s'", name);
		return FALSE;
	}
	return db_commit(&tx, error);
}

gboolean store_image_collect(Db *db, GPtrArray **out, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);
	g_autoptr(DbRows) rows = NULL;
	g_autoptr(GPtrArray) unused = NULL;

	if (!tx.db)
		return FALSE;
	rows = db_select(db, error,
			 "SELECT " COLUMNS " FROM image_version v"
			 " WHERE v.version < (SELECT newest FROM image WHERE name = v.image)"
			 " AND NOT EXISTS (SELECT 1 FROM pool WHERE image = v.image"
			 " AND version = v.version)"
			 " AND NOT EXISTS (SELECT 1 FROM pool WHERE previous_image = v.image"
			 " AND previous_version = v.version)"
			 " AND NOT EXISTS (SELECT 1 FROM desktop WHERE image = v.image"
			 " AND version = v.version)");
	unused = read_all(rows);
	for (guint i = 0; unused && i < unused->len; i++) {
		ImageView *image = unused->pdata[i];

		if (!db_run(db, error, "DELETE FROM image_version WHERE image = ? AND version = ?",
			    DB_TEXT(image->name), DB_INT(image->version)))
			return FALSE;
	}
	if (!unused || !db_commit(&tx, error))
		return FALSE;
	*out = g_steal_pointer(&unused);
	return TRUE;
}
