/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db_pgsql: PostgreSQL, for several brokers on one database. Statements are prepared once for each
 * connection. A transaction that will write begins with one advisory lock, so that those of all
 * brokers come one after the other, as they do in SQLite: what a transaction has read stays true.
 *
 * A lost connection is made anew by the next statement outside a transaction; inside one,
 * everything fails until its end. A statement whose answer was lost is an error, never sent twice.
 * Passwords come from a passfile (libpq's ~/.pgpass), the certificate or the socket's peer.
 */
#include "db_pgsql.h"

#include <string.h>

#include "fault.h"

#define PARAMETERS_MAX 32
#define TYPE_INT8      20 /* pg_type.h: their numbers never change */
#define TYPE_TEXT      25

/* Every wait ends: an answer within seconds, a dead machine found out, a hung broker's
 * transaction and locks given up by the server. Milliseconds and seconds. */
#define SESSION                                                                            \
	"-c statement_timeout=20000 -c idle_in_transaction_session_timeout=20000"          \
	" -c tcp_keepalives_idle=4 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3" \
	" -c standard_conforming_strings=on -c default_transaction_isolation=read\\ committed"

typedef struct {
	PGconn *handle;
	GHashTable *prepared;    /* SQL text -> statement name, of this connection to the server */
	GHashTable *held;        /* names; they are lost with the connection */
	gboolean in_transaction; /* from BEGIN to its end, whatever becomes of the line */
} Connection;

static gboolean fail(Connection *c, const char *what, const char *why, GError **error)
{
	g_autofree char *text = g_strchomp(g_strdup(why && *why ? why : PQerrorMessage(c->handle)));

	g_set_error(error, FAULT, FAULT_BROKER, "database: %s: %s", what, text);
	return FALSE;
}

static void ignore_notice(void *unused, const PGresult *notice)
{
}

static void pgsql_close(gpointer connection)
{
	Connection *c = connection;

	g_hash_table_destroy(c->prepared);
	g_hash_table_destroy(c->held);
	PQfinish(c->handle);
	g_free(c);
}

/* The configuration is no place for a secret, and a log is none for what is wrong with it. */
static gboolean check_uri(const char *where, GError **error)
{
	PQconninfoOption *options = PQconninfoParse(where, NULL);
	gboolean secret = FALSE;

	for (PQconninfoOption *o = options; o && o->keyword; o++)
		secret |= o->val && *o->val && strchr(o->dispchar, '*');
	if (!options)
		g_set_error(error, FAULT, FAULT_CONFIG, "database: this is no PostgreSQL URI");
	else if (secret)
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "database: passwords belong in a passfile, not in the URI");
	PQconninfoFree(options);
	return options && !secret;
}

PGconn *db_pgsql_connect(const char *where)
{
	/* What stands before dbname is a default, what the URI says wins. */
	const char *keys[] = {"connect_timeout",
			      "keepalives_idle",
			      "keepalives_interval",
			      "keepalives_count",
			      "tcp_user_timeout",
			      "fallback_application_name",
			      "options",
			      "client_encoding",
			      "dbname",
			      NULL};
	const char *values[] = {"5",     "4",    "2",   "3", "10000", "oriel-broker",
				SESSION, "UTF8", where, NULL};
	PGconn *handle = PQconnectdbParams(keys, values, 1);

	PQsetNoticeReceiver(handle, ignore_notice, NULL);
	return handle;
}

static gpointer pgsql_open(const char *where, GError **error)
{
	Connection *c;

	if (!check_uri(where, error))
		return NULL;
	c = g_new0(Connection, 1);
	c->prepared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	c->held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	c->handle = db_pgsql_connect(where);
	if (PQstatus(c->handle) == CONNECTION_OK)
		return c;
	fail(c, "connecting", NULL, error);
	pgsql_close(c);
	return NULL;
}

/* ---- statements */

/* "?" becomes "$1" and so on; our statements have no "?" in their texts. */
static char *numbered(const char *sql)
{
	GString *out = g_string_new(NULL);
	unsigned n = 0;

	for (; *sql; sql++) {
		if (*sql == '?')
			g_string_append_printf(out, "$%u", ++n);
		else
			g_string_append_c(out, *sql);
	}
	return g_string_free(out, FALSE);
}

static unsigned count(const DbValue *values)
{
	unsigned n = 0;

	while (values[n].type != DB_IS_END)
		n++;
	g_assert(n <= PARAMETERS_MAX);
	return n;
}

/* The name it has on the server; NULL on error. The types are told, not guessed. */
static const char *prepare(Connection *c, const char *sql, const DbValue *values, GError **error)
{
	const char *known = g_hash_table_lookup(c->prepared, sql);
	g_autofree char *text = NULL;
	g_autofree char *name = NULL;
	Oid types[PARAMETERS_MAX];
	unsigned n = count(values);
	PGresult *result;
	gboolean ok;

	if (known)
		return known;
	for (unsigned i = 0; i < n; i++)
		types[i] = values[i].type == DB_IS_INT ? TYPE_INT8 : TYPE_TEXT;
	text = numbered(sql);
	name = g_strdup_printf("s%u", g_hash_table_size(c->prepared));
	result = PQprepare(c->handle, name, text, (int)n, types);
	ok = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!ok)
		fail(c, sql, PQresultErrorMessage(result), error);
	PQclear(result);
	if (!ok)
		return NULL;
	known = name;
	g_hash_table_insert(c->prepared, g_strdup(sql), g_steal_pointer(&name));
	return known;
}

static PGresult *execute(Connection *c, const char *name, const DbValue *values)
{
	char numbers[PARAMETERS_MAX][24];
	const char *texts[PARAMETERS_MAX];
	unsigned n = count(values);

	for (unsigned i = 0; i < n; i++) {
		g_snprintf(numbers[i], sizeof numbers[i], "%" G_GINT64_FORMAT, values[i].number);
		texts[i] = values[i].type == DB_IS_INT ? numbers[i] : values[i].text;
	}
	return PQexecPrepared(c->handle, name, (int)n, texts, NULL, NULL, 0);
}

static void take_rows(const PGresult *result, DbRows *rows)
{
	int columns = PQnfields(result);

	for (int row = 0; row < PQntuples(result); row++) {
		for (int i = 0; i < columns; i++)
			db_rows_add(rows, (unsigned)columns,
				    PQgetisnull(result, row, i) ? NULL
								: PQgetvalue(result, row, i));
	}
}

static gboolean query(Connection *c, const char *sql, const DbValue *values, DbRows *rows,
		      gint64 *out_changed, GError **error)
{
	const char *name = prepare(c, sql, values, error);
	PGresult *result = name ? execute(c, name, values) : NULL;
	ExecStatusType status = PQresultStatus(result);
	gboolean ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!name)
		return FALSE;
	if (!ok)
		fail(c, sql, PQresultErrorMessage(result), error);
	if (ok && rows)
		take_rows(result, rows);
	if (ok)
		*out_changed = g_ascii_strtoll(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	return ok;
}

/* What needs no preparing. The server says "ROLLBACK" to a COMMIT of what has failed before. */
static gboolean command(Connection *c, const char *sql, GError **error)
{
	PGresult *result = PQexec(c->handle, sql);
	ExecStatusType status = PQresultStatus(result);
	gboolean ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (ok && g_str_equal(sql, "COMMIT") && !g_str_equal(PQcmdStatus(result), "COMMIT"))
		ok = fail(c, sql, "a statement of the transaction had failed", error);
	else if (!ok)
		fail(c, sql, PQresultErrorMessage(result), error);
	PQclear(result);
	return ok;
}

static gboolean reconnect(Connection *c, GError **error)
{
	/* A server that went away while nobody asked has left last words, then an end of file. */
	if (PQstatus(c->handle) == CONNECTION_OK && PQconsumeInput(c->handle) &&
	    PQconsumeInput(c->handle) && PQstatus(c->handle) == CONNECTION_OK)
		return TRUE;
	g_hash_table_remove_all(c->prepared);
	g_hash_table_remove_all(c->held);
	PQreset(c->handle);
	return PQstatus(c->handle) == CONNECTION_OK || fail(c, "connecting", NULL, error);
}

static gboolean transaction(Connection *c, const char *sql, GError **error)
{
	gboolean begin = g_str_equal(sql, db_pgsql.begin);
	gboolean ok;

	if (begin && !reconnect(c, error))
		return FALSE;
	ok = command(c, sql, error);
	if (begin && !ok && PQtransactionStatus(c->handle) > PQTRANS_ACTIVE)
		command(c, "ROLLBACK", NULL);
	c->in_transaction = begin && ok;
	return ok;
}

static gboolean pgsql_run(gpointer connection, const char *sql, const DbValue *values, DbRows *rows,
			  gint64 *out_changed, GError **error)
{
	Connection *c = connection;

	*out_changed = 0;
	if (g_str_equal(sql, db_pgsql.begin) || g_str_equal(sql, "COMMIT") ||
	    g_str_equal(sql, "ROLLBACK"))
		return transaction(c, sql, error);
	if (c->in_transaction ? PQstatus(c->handle) != CONNECTION_OK : !reconnect(c, error))
		return c->in_transaction ? fail(c, sql, "the connection is lost", error) : FALSE;
	return query(c, sql, values, rows, out_changed, error);
}

/* ---- among several brokers */

static gboolean pgsql_hold(gpointer connection, const char *name, gboolean *out_held,
			   GError **error)
{
	const DbValue values[] = {DB_TEXT(name), DB_END};
	Connection *c = connection;
	PGresult *result;
	const char *statement;

	if (!reconnect(c, error))
		return FALSE;
	*out_held = g_hash_table_contains(c->held, name);
	if (*out_held)
		return TRUE;
	statement =
		prepare(c, "SELECT pg_try_advisory_lock(hashtextextended(?, 0))", values, error);
	if (!statement)
		return FALSE;
	result = execute(c, statement, values);
	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		fail(c, name, PQresultErrorMessage(result), error);
		PQclear(result);
		return FALSE;
	}
	*out_held = g_str_equal(PQgetvalue(result, 0, 0), "t");
	PQclear(result);
	if (*out_held)
		g_hash_table_add(c->held, g_strdup(name));
	return TRUE;
}

static void pgsql_drop(gpointer connection, const char *name)
{
	const DbValue values[] = {DB_TEXT(name), DB_END};
	Connection *c = connection;
	gint64 changed;

	if (g_hash_table_remove(c->held, name))
		query(c, "SELECT pg_advisory_unlock(hashtextextended(?, 0))", values, NULL,
		      &changed, NULL);
}

const DbDriver db_pgsql = {
	.name = "postgresql",
	/* The number is "oriel" in the first bytes of ASCII. */
	.begin = "BEGIN; SELECT pg_advisory_xact_lock(x'6f7269656c'::bigint)",
	.open = pgsql_open,
	.open_other = pgsql_open,
	.many_write = TRUE,
	.close = pgsql_close,
	.run = pgsql_run,
	.hold = pgsql_hold,
	.drop = pgsql_drop,
	.tell = "SELECT pg_notify('" DB_PGSQL_CHANNEL "', ?)",
	.listen = db_pgsql_listen,
	.unlisten = db_pgsql_unlisten,
};
