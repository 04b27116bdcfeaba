/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store-fixture: see store-fixture.h. */
#include "store-fixture.h"

#include "database.h"
#include "store_desktop.h"
#include "store_image.h"
#include "store_pool.h"

void store_fixture_setup(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	f->dir = g_dir_make_tmp("oriel-store-XXXXXX", NULL);
	f->path = g_strdup(database_fresh());
	if (!f->path)
		f->path = g_build_filename(f->dir, "broker.db", NULL);
	f->db = db_open(f->path, &error);
	g_assert_no_error(error);
}

void store_fixture_teardown(StoreFixture *f, gconstpointer unused)
{
	db_close(f->db);
	database_remove(f->path, f->dir);
	g_free(f->path);
	g_free(f->dir);
}

void store_fixture_pool(Db *db, const char *name, const char *kind)
{
	ImageView image = {
		.name = (char *)"tiny", .memory = 128, .cpus = 1, .video = (char *)"std"};
	PoolView pool = {.name = (char *)name,
			 .kind = (char *)kind,
			 .image = (char *)"tiny",
			 .provider = (char *)"qemu",
			 .uri = (char *)"",
			 .max = 3};
	g_autoptr(GError) error = NULL;

	store_image_add(db, &image, 1, &pool.version, &error);
	g_assert_no_error(error);
	store_pool_put(db, &pool, &error);
	g_assert_no_error(error);
}

void store_fixture_desktop(Db *db, const char *pool, const char *id, const char *identity)
{
	StoreDesktop d = {.id = (char *)id,
			  .name = (char *)id,
			  .pool = (char *)pool,
			  .state = (char *)"ready",
			  .identity = (char *)identity};
	g_autoptr(GError) error = NULL;

	store_desktop_add(db, &d, &error);
	g_assert_no_error(error);
}
