/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crowd: see crowd.h. */
#include "crowd.h"

#include <math.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

#define SECOND ((gint64)1000000000) /* ns */
#define EVENTS 64
#define EXPECTED \
	(8u * 1024 * 1024)   /* round trips that the arrays have room for: no copies on the way */
#define END_NS (10 * SECOND) /* for the last answers */

typedef struct Run Run;

typedef struct {
	Ready ready;
	Run *run;
	Conn *conn;
	GQueue asked; /* when each of its questions was due that is not answered yet: gint64 ns */
} Client;

struct Run {
	const Crowd *crowd;
	Client *clients;
	unsigned n;
	gint64 end;
	gint64 due;     /* the next question, at a pace */
	guint64 asking; /* questions that are not answered yet */
	GRand *lot;
	CrowdResult *result;
};

static gint64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

static void note(GArray *times, gint64 ns)
{
	guint32 kept = (guint32)CLAMP(ns, 0, G_MAXUINT32);

	g_array_append_val(times, kept);
}

static void ask(Run *run, Client *client, gint64 due)
{
	gint64 *kept = g_new(gint64, 1);

	*kept = due;
	g_queue_push_tail(&client->asked, kept);
	run->asking++;
	greet_ask(client->conn, run->crowd->how, run->crowd->width, run->crowd->height);
}

static void take(Ready *ready)
{
	Client *client = (Client *)ready;
	Run *run = client->run;
	const Crowd *crowd = run->crowd;

	do {
		g_autofree gint64 *due = g_queue_pop_head(&client->asked);
		gint64 now;

		if (due == NULL)
			die("an answer to no question");
		run->result->bytes +=
			greet_answer(client->conn, crowd->how, crowd->width, crowd->height);
		run->asking--;
		now = now_ns();
		note(run->result->waits, now - *due);
		if (crowd->pace == 0 && now < run->end)
			ask(run, client, now);
	} while (conn_pending(client->conn) && client->asked.length > 0);
}

/* Waits for answers, and for questions if the desktop is ours, until something is due; timeout in
 * ns. */
static void take_all(Run *run, gint64 timeout)
{
	struct timespec wait = {timeout / SECOND, timeout % SECOND};
	struct epoll_event events[EVENTS];
	int n = epoll_pwait2(run->crowd->epoll, events, EVENTS, &wait, NULL);

	for (int i = 0; i < n; i++) {
		Ready *ready = events[i].data.ptr;

		ready->take(ready);
	}
}

/* The time to the next of many who know nothing of each other. */
static gint64 gap(Run *run)
{
	double each = (double)SECOND / ((double)run->crowd->pace * run->n);

	return (gint64)(-log(1 - g_rand_double(run->lot)) * each);
}

static void ask_what_is_due(Run *run)
{
	gint64 now;

	while (run->due < run->end && run->due <= (now = now_ns())) {
		Client *client = &run->clients[g_rand_int_range(run->lot, 0, (gint32)run->n)];

		note(run->result->lateness, now - run->due);
		ask(run, client, run->due);
		run->due += gap(run);
	}
}

static void go(Run *run)
{
	gint64 now = now_ns();

	run->end = now + run->crowd->seconds * SECOND;
	if (run->crowd->pace > 0)
		run->due = now + gap(run);
	for (unsigned i = 0; run->crowd->pace == 0 && i < run->n; i++)
		ask(run, &run->clients[i], now_ns());
	do {
		gint64 until = run->end;

		if (run->crowd->pace > 0) {
			ask_what_is_due(run);
			until = MIN(until, run->due);
		}
		now = now_ns();
		take_all(run, MAX(until - now, 0));
	} while (now < run->end);
	while (run->asking > 0 && now_ns() < run->end + END_NS)
		take_all(run, END_NS);
	if (run->asking > 0)
		die("%" G_GUINT64_FORMAT " questions without an answer", run->asking);
}

void crowd_run(const Crowd *crowd, Conn *const *conns, unsigned n, CrowdResult *out)
{
	Run run = {.crowd = crowd, .n = n, .result = out};

	prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
	out->bytes = 0;
	out->waits = g_array_sized_new(FALSE, FALSE, sizeof(guint32), EXPECTED);
	out->lateness = g_array_new(FALSE, FALSE, sizeof(guint32));
	run.lot = g_rand_new_with_seed(1);
	run.clients = g_new0(Client, n);
	for (unsigned i = 0; i < n; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &run.clients[i]};

		run.clients[i] = (Client){.ready = {take}, .run = &run, .conn = conns[i]};
		conn_read_ahead(conns[i]);
		if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, conns[i]->fd, &event) < 0)
			die("epoll");
	}
	go(&run);
	g_free(run.clients);
	g_rand_free(run.lot);
}

void crowd_result_clear(CrowdResult *result)
{
	g_array_unref(result->waits);
	g_array_unref(result->lateness);
}
