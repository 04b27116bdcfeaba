/* SPDX-License-Identifier: GPL-3.0-or-later */
/* database: see database.h. */
#include "database.h"

#include <glib/gstdio.h>
#include <libpq-fe.h>

const char *database_fresh(void)
{
	const char *where = g_getenv("ORIEL_TEST_DATABASE");
	PGresult *result;
	PGconn *c;

	if (!where)
		return NULL;
	c = PQconnectdb(where);
	result = PQexec(c, "SET client_min_messages = warning; DROP SCHEMA public CASCADE;"
			   " CREATE SCHEMA public");
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		g_error("%s: %s", where, PQerrorMessage(c));
	PQclear(result);
	PQfinish(c);
	return where;
}

static PGconn *keeper; /* while it is away, the one line to it */

static void tell(const char *sql)
{
	PGresult *result = PQexec(keeper, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		g_error("%s: %s", sql, PQerrorMessage(keeper));
	PQclear(result);
}

void database_away(void)
{
	keeper = PQconnectdb(g_getenv("ORIEL_TEST_DATABASE"));
	tell("ALTER ROLE CURRENT_USER NOLOGIN");
	tell("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
	     " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
}

void database_back(void)
{
	tell("ALTER ROLE CURRENT_USER LOGIN");
	PQfinish(keeper);
}

void database_remove(const char *path, const char *dir)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *file = g_strconcat(path, ends[i], NULL);

		g_unlink(file);
	}
	g_assert_cmpint(g_rmdir(dir), ==, 0);
}
