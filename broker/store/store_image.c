/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_image: see store_image.h. */
#include "store_image.h"

#include "fault.h"

#define COLUMNS "name, disk, kernel, initrd, cmdline, xml, memory, cpus, video"

static ImageView *read_row(const DbRows *rows)
{
	ImageView *image = g_new0(ImageView, 1);

	image->name = db_rows_dup(rows, 0);
	image->disk = db_rows_dup(rows, 1);
	image->kernel = db_rows_dup(rows, 2);
	image->initrd = db_rows_dup(rows, 3);
	image->cmdline = db_rows_dup(rows, 4);
	image->xml = db_rows_dup(rows, 5);
	image->memory = (unsigned)db_rows_int(rows, 6);
	image->cpus = (unsigned)db_rows_int(rows, 7);
	image->video = db_rows_dup(rows, 8);
	return image;
}

GPtrArray *store_images(Db *db, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
		"SELECT " COLUMNS " FROM image ORDER BY name");
	GPtrArray *images;

	if (!rows)
		return NULL;
	images = g_ptr_array_new_with_free_func((GDestroyNotify)image_view_free);
	while (db_rows_next(rows))
		g_ptr_array_add(images, read_row(rows));
	return images;
}

ImageView *store_image(Db *db, const char *name, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error,
		"SELECT " COLUMNS " FROM image WHERE name = ?", DB_TEXT(name));

	if (!rows)
		return NULL;
	if (db_rows_next(rows))
		return read_row(rows);
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no image '%s'", name);
	return NULL;
}

gboolean store_image_put(Db *db, const ImageView *image, GError **error)
{
	return db_run(db, error,
		"INSERT INTO image (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (name) DO UPDATE SET disk = excluded.disk, kernel = excluded.kernel,"
		" initrd = excluded.initrd, cmdline = excluded.cmdline, xml = excluded.xml,"
		" memory = excluded.memory, cpus = excluded.cpus, video = excluded.video",
		DB_TEXT(image->name), DB_TEXT(image->disk), DB_TEXT(image->kernel),
		DB_TEXT(image->initrd), DB_TEXT(image->cmdline), DB_TEXT(image->xml),
		DB_INT(image->memory), DB_INT(image->cpus), DB_TEXT(image->video));
}

gboolean store_image_remove(Db *db, const char *name, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);
	g_autoptr(DbRows) rows = NULL;
	gint64 removed;

	if (!tx.db)
		return FALSE;
	rows = db_select(db, error, "SELECT name FROM pool WHERE image = ? LIMIT 1", DB_TEXT(name));
	if (!rows)
		return FALSE;
	if (db_rows_next(rows)) {
		g_set_error(error, FAULT, FAULT_BUSY, "pool '%s' uses image '%s'",
			db_rows_text(rows, 0), name);
		return FALSE;
	}
	removed = db_change(db, error, "DELETE FROM image WHERE name = ?", DB_TEXT(name));
	if (removed < 0)
		return FALSE;
	if (removed == 0) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no image '%s'", name);
		return FALSE;
	}
	return db_commit(&tx, error);
}
