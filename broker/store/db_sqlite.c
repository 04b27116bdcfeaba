/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db_sqlite: the embedded default driver. One file (mode 0600) in WAL mode: a reader from outside
 * (a backup) never blocks us, and a commit costs no disk flush; after a power cut the last commits
 * may be gone, but the file is whole. Statements are prepared once and kept.
 */
#include "db.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "fault.h"

typedef struct {
	sqlite3 *handle;
	GHashTable *prepared; /* SQL text -> sqlite3_stmt, finalised with the connection */
} Connection;

#define BUSY_MS 5000 /* another process (a backup, a person's sqlite3) has the lock */

static void statement_free(gpointer statement)
{
	sqlite3_finalize(statement);
}

static gboolean fail(Connection *c, const char *what, GError **error)
{
	g_set_error(error, FAULT, FAULT_BROKER, "database: %s: %s", what,
		    sqlite3_errmsg(c->handle));
	return FALSE;
}

static void sqlite_close(gpointer connection)
{
	Connection *c = connection;

	g_hash_table_destroy(c->prepared);
	sqlite3_close(c->handle);
	g_free(c);
}

static gpointer sqlite_connect(const char *where, GError **error)
{
	static const char *const pragmas[] = {
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = NORMAL",
		"PRAGMA foreign_keys = ON",
	};
	Connection *c = g_new0(Connection, 1);

	c->prepared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, statement_free);
	if (sqlite3_open_v2(where, &c->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)) {
		fail(c, where, error);
		sqlite_close(c);
		return NULL;
	}
	sqlite3_busy_timeout(c->handle, BUSY_MS);
	for (unsigned i = 0; i < G_N_ELEMENTS(pragmas); i++) {
		if (sqlite3_exec(c->handle, pragmas[i], NULL, NULL, NULL)) {
			fail(c, pragmas[i], error);
			sqlite_close(c);
			return NULL;
		}
	}
	return c;
}

static gboolean is_in_memory(const char *where)
{
	return g_str_equal(where, ":memory:");
}

/* Made here so that it never exists with another mode; SQLite gives its side files the mode of the
 * main one. Closed before SQLite has it: to close any descriptor of a file gives up all locks of
 * the process on it (fcntl(2)), and who comes next, a backup say, would take itself for the only
 * one and remove the log that we go on writing. */
static gboolean make_file(const char *where, GError **error)
{
	int fd = open(where, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		fault_set_errno(error, FAULT_CONFIG, where);
		return FALSE;
	}
	close(fd);
	return TRUE;
}

static gpointer sqlite_open(const char *where, GError **error)
{
	if (!is_in_memory(where) && !make_file(where, error))
		return NULL;
	return sqlite_connect(where, error);
}

/* A database in memory is its first connection's alone. */
static gpointer sqlite_open_other(const char *where, GError **error)
{
	return is_in_memory(where) ? NULL : sqlite_connect(where, error);
}

static sqlite3_stmt *prepare(Connection *c, const char *sql, GError **error)
{
	sqlite3_stmt *statement = g_hash_table_lookup(c->prepared, sql);

	if (statement)
		return statement;
	if (sqlite3_prepare_v3(c->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)) {
		fail(c, sql, error);
		return NULL;
	}
	g_hash_table_insert(c->prepared, g_strdup(sql), statement);
	return statement;
}

static void bind(sqlite3_stmt *statement, const DbValue *values)
{
	int n = 0;

	for (; values[n].type != DB_IS_END; n++) {
		if (values[n].type == DB_IS_INT)
			sqlite3_bind_int64(statement, n + 1, values[n].number);
		else
			sqlite3_bind_text(statement, n + 1, values[n].text, -1, SQLITE_STATIC);
	}
	g_assert(n == sqlite3_bind_parameter_count(statement));
}

static gboolean sqlite_run(gpointer connection, const char *sql, const DbValue *values,
			   DbRows *rows, gint64 *out_changed, GError **error)
{
	Connection *c = connection;
	sqlite3_stmt *statement = prepare(c, sql, error);
	gboolean ok = TRUE;
	int rc;

	if (!statement)
		return FALSE;
	bind(statement, values);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		int columns = sqlite3_column_count(statement);

		for (int i = 0; rows && i < columns; i++)
			db_rows_add(rows, (unsigned)columns,
				    (const char *)sqlite3_column_text(statement, i));
	}
	if (rc == SQLITE_DONE)
		*out_changed = sqlite3_changes64(c->handle);
	else
		ok = fail(c, sql, error);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return ok;
}

const DbDriver db_sqlite = {
	.name = "sqlite",
	.begin = "BEGIN IMMEDIATE",
	.open = sqlite_open,
	.open_other = sqlite_open_other,
	.close = sqlite_close,
	.run = sqlite_run,
};
