/* SPDX-License-Identifier: GPL-3.0-or-later */
/* db_pgsql_listen: see db_pgsql.h. A line that says nothing is asked now and then whether it lives:
 * a notification that never comes looks like none. */
#include "db_pgsql.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ASK_MS   5000
#define AGAIN_MS 500

typedef struct {
	char *where;
	DbHeard heard;
	gpointer data;
	GThread *thread;
	int stop; /* an eventfd, readable from the moment it should stop */
} Listener;

static gboolean succeeds(PGconn *c, const char *sql)
{
	PGresult *result = PQexec(c, sql);
	ExecStatusType status = PQresultStatus(result);

	PQclear(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* TRUE: it should stop. fd -1 = just wait. *out_ready: there is something to read. */
static gboolean wait_for(Listener *l, int fd, int ms, gboolean *out_ready)
{
	struct pollfd fds[] = {{.fd = l->stop, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

	while (poll(fds, G_N_ELEMENTS(fds), ms) < 0 && errno == EINTR)
		;
	*out_ready = fds[1].revents != 0;
	return fds[0].revents != 0;
}

static void pass_on(Listener *l, PGconn *c)
{
	PGnotify *notify;

	while ((notify = PQnotifies(c))) {
		l->heard(notify->extra, l->data);
		PQfreemem(notify);
	}
}

/* Until the line is lost (FALSE) or it should stop. */
static gboolean hear(Listener *l, PGconn *c)
{
	gboolean ready;

	while (!wait_for(l, PQsocket(c), ASK_MS, &ready)) {
		if (ready ? !PQconsumeInput(c) : !succeeds(c, "SELECT 1"))
			return FALSE;
		pass_on(l, c);
	}
	return TRUE;
}

static gpointer run(gpointer data)
{
	Listener *l = data;
	gboolean stop = FALSE;
	gboolean unused;

	while (!stop) {
		PGconn *c = db_pgsql_connect(l->where);

		if (PQstatus(c) == CONNECTION_OK && succeeds(c, "LISTEN " DB_PGSQL_CHANNEL)) {
			l->heard(NULL, l->data); /* whatever was told before */
			stop = hear(l, c);
		}
		PQfinish(c);
		stop = stop || wait_for(l, -1, AGAIN_MS, &unused);
	}
	return NULL;
}

gpointer db_pgsql_listen(const char *where, DbHeard heard, gpointer data)
{
	Listener *l = g_new0(Listener, 1);

	l->where = g_strdup(where);
	l->heard = heard;
	l->data = data;
	l->stop = eventfd(0, EFD_CLOEXEC);
	g_assert(l->stop >= 0);
	l->thread = g_thread_new("listen", run, l);
	return l;
}

void db_pgsql_unlisten(gpointer listener)
{
	Listener *l = listener;

	g_assert(eventfd_write(l->stop, 1) == 0);
	g_thread_join(l->thread);
	close(l->stop);
	g_free(l->where);
	g_free(l);
}
