/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store-fixture: a fresh store on a real database, SQLite or PostgreSQL, and what it may hold. */
#pragma once

#include "db.h"

typedef struct {
	char *dir;
	char *path;
	Db *db;
} StoreFixture;

void store_fixture_setup(StoreFixture *f, gconstpointer unused);
void store_fixture_teardown(StoreFixture *f, gconstpointer unused);

/* With an image of its own ("tiny"), and at most three desktops. */
void store_fixture_pool(Db *db, const char *name, const char *kind);
/* Ready, never used. */
void store_fixture_desktop(Db *db, const char *pool, const char *id, const char *identity);
