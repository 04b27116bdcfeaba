/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-load: clients that ask a bench-desktop for pictures, through whatever stands between. Those
 * that ask for little are one thread's (crowd.h); those that pull, or rest between two questions,
 * have a thread each. Prints "ready" when all are connected, begins with the next line of its
 * standard input (until then a script reads the CPU time of what it measures, and is done with
 * that), prints "end" when the measured time is over, then one line of JSON.
 *
 *   bench-load vnc|wss|spice|tls|plain HOST PORT CLIENTS SECONDS WIDTH HEIGHT [TICKETS|-
 * [PAUSE|PACE/s [SOCKET]]]
 *
 * TICKETS: a file with a ticket a line. WIDTH 0: connect and hold, ask for nothing. PAUSE: ms
 * between an answer and the client's next question. PACE: questions a second of each client,
 * answered or not. SOCKET: a bench-desktop's, in whose place those that ask for little have their
 * desktop in the loop in which they are.
 */
#include "crowd.h"
#include "serve.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define SAMPLES 200000 /* round trips remembered per thread */
#define LITTLE  65536  /* bytes of an answer that fit in every buffer on their way */

static const char *host, *port;
static Greet how;
static SSL_CTX *context;
static guint16 width, height;
static unsigned pause_ms, pace;
static volatile gboolean over;
static pthread_barrier_t barrier;
static int loop;          /* the crowd's, and its desktop's */
static const char *place; /* where the desktop's socket is, if we are it ... */
static char *aside;       /* ... and where that of another rests meanwhile */

typedef struct {
	pthread_t thread;
	char *ticket;
	Conn conn;
	guint64 connect_us;
	guint64 bytes;
	GArray *waits; /* of each round trip: ns, guint32 */
} Client;

typedef struct {
	guint64 bytes;
	double seconds, connect_us, cpu_us; /* that of this program, until "end" */
	GArray *waits, *lateness;           /* ns, guint32; lateness may be NULL */
} Outcome;

/* ---- a thread for each */

static void *run(void *data)
{
	Client *c = data;

	pthread_barrier_wait(&barrier);
	while (!over) {
		gint64 from = g_get_monotonic_time();
		guint32 ns;

		greet_ask(&c->conn, how, width, height);
		c->bytes += greet_answer(&c->conn, how, width, height);
		ns = (guint32)MIN((g_get_monotonic_time() - from) * 1000, G_MAXUINT32);
		g_array_append_val(c->waits, ns);
		if (pause_ms > 0)
			g_usleep(pause_ms * 1000);
	}
	return NULL;
}

static void run_threads(Client *clients, unsigned n, unsigned seconds, Outcome *outcome)
{
	outcome->waits = g_array_new(FALSE, FALSE, sizeof(guint32));
	pthread_barrier_wait(&barrier);
	sleep(seconds);
	over = TRUE;
	for (unsigned i = 0; i < n; i++) {
		pthread_join(clients[i].thread, NULL);
		outcome->bytes += clients[i].bytes;
		g_array_append_vals(outcome->waits, clients[i].waits->data, clients[i].waits->len);
	}
}

static void start_threads(Client *clients, unsigned n)
{
	pthread_barrier_init(&barrier, NULL, n + 1);
	for (unsigned i = 0; i < n; i++) {
		clients[i].waits = g_array_sized_new(FALSE, FALSE, sizeof(guint32), SAMPLES);
		pthread_create(&clients[i].thread, NULL, run, &clients[i]);
	}
}

/* ---- one for all */

static void run_crowd(Client *clients, unsigned n, unsigned seconds, Outcome *outcome)
{
	Crowd crowd = {how, width, height, pace, seconds, loop};
	g_autofree Conn **conns = g_new(Conn *, n);
	CrowdResult result;

	for (unsigned i = 0; i < n; i++)
		conns[i] = &clients[i].conn;
	crowd_run(&crowd, conns, n, &result);
	outcome->bytes = result.bytes;
	outcome->waits = result.waits;
	outcome->lateness = result.lateness;
}

/* ---- what came of it */

static int compare(const void *a, const void *b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

/* us; sorts */
static double percentile(GArray *times, unsigned percent)
{
	guint at;

	if (times == NULL || times->len == 0)
		return 0;
	at = (guint)((guint64)times->len * percent / 100);
	g_array_sort(times, compare);
	return g_array_index(times, guint32, at) / 1e3;
}

static double cpu_us(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void report(const Outcome *o)
{
	printf("{\"bytes\": %" G_GUINT64_FORMAT
	       ", \"seconds\": %.3f, \"rounds\": %u, \"p50_us\": %.1f, \"p99_us\": %.1f, "
	       "\"late_p99_us\": %.1f, \"connect_us\": %.0f, \"cpu_us\": %.0f}\n",
	       o->bytes, o->seconds, o->waits ? o->waits->len : 0, percentile(o->waits, 50),
	       percentile(o->waits, 99), percentile(o->lateness, 99), o->connect_us, o->cpu_us);
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

/* ---- the desktop */

static void give_back(void)
{
	rename(aside, place);
}

/* Until we end, who connects to that socket connects to us. */
static void be_desktop(const char *path)
{
	place = path;
	aside = g_strdup_printf("%s.aside", path);
	if (rename(place, aside) < 0 || atexit(give_back) != 0 ||
	    !serve_start(place, how == GREET_SPICE, loop))
		die("%s: cannot be the desktop there", path);
}

/* ---- the whole */

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
	}
}

static void parse_rest(const char *word)
{
	unsigned number = (unsigned)CLAMP(atoi(word), 0, 100000);

	if (g_str_has_suffix(word, "/s"))
		pace = number;
	else
		pause_ms = MIN(number, 1000);
}

/* Or for the end of the input. */
static void wait_for_line(void)
{
	int letter;

	do
		letter = getchar();
	while (letter != '\n' && letter != EOF);
}

static void measure(Client *clients, unsigned n, unsigned seconds, Outcome *outcome)
{
	gsize answer = (gsize)width * height * 4;
	gboolean crowd = pace > 0 || (answer <= LITTLE && pause_ms == 0);
	double cpu_before;
	gint64 from;

	if (place != NULL && (width == 0 || !crowd))
		die("who pulls or rests has a desktop elsewhere");
	if (width > 0 && !crowd)
		start_threads(clients, n);
	puts("ready");
	fflush(stdout);
	wait_for_line();
	from = g_get_monotonic_time();
	cpu_before = cpu_us();
	if (width == 0)
		sleep(seconds);
	else if (crowd)
		run_crowd(clients, n, seconds, outcome);
	else
		run_threads(clients, n, seconds, outcome);
	outcome->cpu_us = cpu_us() - cpu_before;
	outcome->seconds = (double)(g_get_monotonic_time() - from) / 1e6;
	puts("end");
	fflush(stdout);
	for (unsigned i = 0; i < n; i++)
		outcome->connect_us += (double)clients[i].connect_us / n;
}

int main(int argc, char **argv)
{
	g_autofree Client *clients = NULL;
	unsigned n, seconds;
	Outcome outcome = {0};

	if (argc < 8 || argc > 11)
		die("use: bench-load vnc|wss|spice|tls|plain HOST PORT CLIENTS SECONDS WIDTH HEIGHT"
		    " [TICKETS|- [PAUSE|PACE/s [SOCKET]]]");
	how = parse_how(argv[1]);
	host = argv[2];
	port = argv[3];
	n = (unsigned)CLAMP(atoi(argv[4]), 1, 10000);
	seconds = (unsigned)CLAMP(atoi(argv[5]), 0, 600);
	width = (guint16)atoi(argv[6]);
	height = (guint16)atoi(argv[7]);
	context = SSL_CTX_new(TLS_client_method());
	clients = g_new0(Client, n);
	if (argc > 9)
		parse_rest(argv[9]);
	loop = epoll_create1(EPOLL_CLOEXEC);
	if (argc > 10)
		be_desktop(argv[10]);
	connect_all(clients, n,
		    argc > 8 && strcmp(argv[8], "-") != 0 ? fopen(argv[8], "re") : NULL);
	measure(clients, n, seconds, &outcome);
	report(&outcome);
	return 0;
}
