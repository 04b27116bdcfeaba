/* SPDX-License-Identifier: GPL-3.0-or-later */
/* database: the one a test runs on: PostgreSQL if ORIEL_TEST_DATABASE names it, else SQLite. */
#pragma once

#include <glib.h>

/* The PostgreSQL, emptied; NULL for SQLite. Belongs to the environment. */
const char *database_fresh(void);

/* PostgreSQL goes away: all lines to it are cut, and it takes no other one until it is back. */
void database_away(void);
void database_back(void);

/* Removes SQLite's files of that name, and the directory, in which nothing else may be left. */
void database_remove(const char *path, const char *dir);
