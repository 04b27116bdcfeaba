/* SPDX-License-Identifier: GPL-3.0-or-later */
/* db_pgsql: what the two files of the PostgreSQL driver share: statements, and listening. */
#pragma once

#include <libpq-fe.h>

#include "db.h"

#define DB_PGSQL_CHANNEL "oriel"

/* Blocks for seconds; PQstatus() says how it went. PQfinish() it. */
PGconn *db_pgsql_connect(const char *where);

/* A thread with a connection of its own, which it makes anew as often as needed. */
gpointer db_pgsql_listen(const char *where, DbHeard heard, gpointer data);
void db_pgsql_unlisten(gpointer listener);
