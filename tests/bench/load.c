/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-load: clients that ask a bench-desktop for pictures, through whatever stands between. One
 * thread per client. Prints "go" when all are connected and the measured time begins, "end" when it
 * is over (so that a script can read the CPU time of what it measures), then one line of JSON.
 *
 *   bench-load vnc|wss|spice|tls|plain HOST PORT CLIENTS SECONDS WIDTH HEIGHT [TICKETS [PAUSE]]
 *
 * TICKETS: a file with a ticket a line. WIDTH 0: connect and hold, ask for nothing. PAUSE: ms
 * between two questions of a client.
 */
#include "greet.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES 200000 /* round trips remembered per client */

static const char *host, *port;
static Greet how;
static SSL_CTX *context;
static guint16 width, height;
static unsigned pause_ms;
static volatile gboolean over;
static pthread_barrier_t barrier;

typedef struct {
	pthread_t thread;
	char *ticket;
	Conn conn;
	guint64 connect_us;
	guint64 bytes;
	guint64 rounds;
	guint32 *samples; /* us */
} Client;

static void *run(void *data)
{
	Client *c = data;

	pthread_barrier_wait(&barrier);
	while (!over && width > 0) {
		gint64 from = g_get_monotonic_time();

		c->bytes += greet_round(&c->conn, how, width, height);
		if (c->rounds < SAMPLES)
			c->samples[c->rounds] = (guint32)(g_get_monotonic_time() - from);
		c->rounds++;
		if (pause_ms > 0)
			g_usleep(pause_ms * 1000);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

static void report(Client *clients, unsigned n, double seconds)
{
	guint64 bytes = 0, rounds = 0, connect_us = 0, kept = 0;
	guint32 *all;

	for (unsigned i = 0; i < n; i++) {
		bytes += clients[i].bytes;
		rounds += clients[i].rounds;
		connect_us += clients[i].connect_us;
		kept += MIN(clients[i].rounds, SAMPLES);
	}
	all = g_new0(guint32, kept + 1);
	kept = 0;
	for (unsigned i = 0; i < n; i++) {
		guint64 some = MIN(clients[i].rounds, SAMPLES);

		memcpy(all + kept, clients[i].samples, some * sizeof *all);
		kept += some;
	}
	qsort(all, kept, sizeof *all, compare);
	printf("{\"bytes\": %" G_GUINT64_FORMAT
	       ", \"seconds\": %.3f, \"rounds\": %" G_GUINT64_FORMAT
	       ", \"p50_us\": %u, \"p99_us\": %u, \"connect_us\": %.0f}\n",
	       bytes, seconds, rounds, all[kept / 2], all[kept * 99 / 100], (double)connect_us / n);
	g_free(all);
}

static Greet parse_how(const char *name)
{
	static const char *const names[] = {"vnc", "wss", "spice", "tls", "plain"};

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return (Greet)i;
	}
	die("%s: vnc, wss, spice, tls or plain", name);
}

static void connect_all(Client *clients, unsigned n, FILE *tickets)
{
	for (unsigned i = 0; i < n; i++) {
		gint64 from = g_get_monotonic_time();
		char line[128];

		if (tickets != NULL && fgets(line, sizeof line, tickets) != NULL)
			clients[i].ticket = g_strdup(g_strchomp(line));
		if (how <= GREET_SPICE && clients[i].ticket == NULL)
			die("not enough tickets");
		conn_open(&clients[i].conn, host, port);
		greet(&clients[i].conn, how, context, clients[i].ticket);
		clients[i].connect_us = (guint64)(g_get_monotonic_time() - from);
		if (width > 0)
			clients[i].samples = g_new(guint32, SAMPLES);
	}
}

int main(int argc, char **argv)
{
	g_autofree Client *clients = NULL;
	unsigned n, seconds;
	gint64 from;

	if (argc < 8 || argc > 10)
		die("use: bench-load vnc|wss|spice|tls|plain HOST PORT CLIENTS SECONDS WIDTH HEIGHT"
		    " [TICKETS [PAUSE]]");
	how = parse_how(argv[1]);
	host = argv[2];
	port = argv[3];
	n = (unsigned)CLAMP(atoi(argv[4]), 1, 10000);
	seconds = (unsigned)CLAMP(atoi(argv[5]), 0, 600);
	width = (guint16)atoi(argv[6]);
	height = (guint16)atoi(argv[7]);
	context = SSL_CTX_new(TLS_client_method());
	clients = g_new0(Client, n);
	pause_ms = argc > 9 ? (unsigned)CLAMP(atoi(argv[9]), 0, 1000) : 0;
	connect_all(clients, n, argc > 8 ? fopen(argv[8], "re") : NULL);
	pthread_barrier_init(&barrier, NULL, width > 0 ? n + 1 : 1);
	for (unsigned i = 0; width > 0 && i < n; i++)
		pthread_create(&clients[i].thread, NULL, run, &clients[i]);
	puts("go");
	fflush(stdout);
	from = g_get_monotonic_time();
	pthread_barrier_wait(&barrier);
	sleep(seconds);
	over = TRUE;
	for (unsigned i = 0; width > 0 && i < n; i++)
		pthread_join(clients[i].thread, NULL);
	puts("end");
	report(clients, n, (double)(g_get_monotonic_time() - from) / 1e6);
	return 0;
}
