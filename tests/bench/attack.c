/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-attack: clients that mean harm, in eight threads, until SIGTERM; tests/bench/hostile
 * measures what others notice of them. Prints "ready" when it has begun and, at each SIGUSR1 and at
 * its end, how much it did.
 *
 *   bench-attack KIND HOST PORT nowhere|one|many [TICKETS]
 *
 * one, many: from one address, or each time from another of 127.0.0.0/8. TICKETS: a file with a
 * ticket a line, for the kinds that want a session.
 */
#include "greet.h"

#include "http/ws.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS 8
#define HELD    400 /* connections that a thread keeps half open */

static struct sockaddr_in target;
static const char *host, *port;
static gboolean many;
static SSL_CTX *context;
static FILE *tickets;
static guint64 done;

static int open_from_somewhere(void)
{
	static guint32 last;
	struct timeval limit = {.tv_sec = 10};
	struct sockaddr_in from = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	/* 127.16.0.1 and on: what others use stays free. */
	from.sin_addr.s_addr =
		htonl(0x7f100001u +
		      (many ? __atomic_fetch_add(&last, 1, __ATOMIC_RELAXED) % 0x200000 : 0));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
	    connect(fd, (struct sockaddr *)&target, sizeof target) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
	return fd;
}

static gboolean is_closed(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

/* ---- who attacks nobody: what is left of the machine then is what the others are measured by */

static void compute(void)
{
	static const guint8 bytes[4096];
	g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, sizeof bytes);

	__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
}

static void busy(void)
{
	for (;;)
		compute();
}

/* One of the threads, three quarters of a processor, if it gets that much. */
static void working(void)
{
	static int others;

	while (__atomic_fetch_add(&others, 1, __ATOMIC_RELAXED) > 0)
		pause();
	prctl(PR_SET_TIMERSLACK, 1);
	for (;;) {
		gint64 begun = g_get_monotonic_time();

		while (g_get_monotonic_time() - begun < 300)
			compute();
		g_usleep(100);
	}
}

/* ---- who never comes to the end of a handshake */

static void hold(const void *words, gsize n)
{
	int fds[HELD];

	memset(fds, 0xff, sizeof fds);
	for (;;) {
		for (unsigned i = 0; i < HELD; i++) {
			if (fds[i] >= 0 && !is_closed(fds[i]))
				continue;
			if (fds[i] >= 0)
				close(fds[i]);
			fds[i] = open_from_somewhere();
			if (fds[i] >= 0 && n > 0)
				send(fds[i], words, n, MSG_NOSIGNAL);
		}
		g_usleep(1000);
	}
}

static void silent(void)
{
	hold(NULL, 0);
}

static void half_tls(void)
{
	hold("\x16\3\1\2\0\1\0", 7);
}

/* ---- who costs much and says little */

/* NULL: not let in. */
static SSL *secure(int fd)
{
	SSL *ssl = fd < 0 ? NULL : SSL_new(context);

	if (ssl == NULL)
		return NULL;
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

static void handshakes(void)
{
	for (;;) {
		int fd = open_from_somewhere();
		SSL *ssl = secure(fd);

		SSL_free(ssl);
		if (fd >= 0)
			close(fd);
		else
			g_usleep(1000);
	}
}

static void invented_tickets(void)
{
	static const char request[] =
		"GET /websockify?token=invented HTTP/1.1\r\nHost: bench\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
	char answer[4096];

	for (;;) {
		int fd = open_from_somewhere();
		SSL *ssl = secure(fd);

		if (ssl != NULL && SSL_write(ssl, request, sizeof request - 1) > 0)
			SSL_read(ssl, answer, sizeof answer);
		SSL_free(ssl);
		if (fd >= 0)
			close(fd);
		else
			g_usleep(1000);
	}
}

/* A request head, a byte at a time, on as many connections as get through. */
static void slow_heads(void)
{
	static const char head[] = "GET /api/v1/desktops HTTP/1.1\r\nX-Slow: ";
	SSL *all[HELD / 4] = {NULL};
	gsize sent = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		all[i] = secure(open_from_somewhere());
	for (;; sent++) {
		for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
			if (all[i] != NULL &&
			    SSL_write(all[i], sent < sizeof head - 1 ? head + sent : "x", 1) > 0)
				__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
		}
		g_usleep(20000);
	}
}

/* ---- who has a session */

static void open_session(Conn *conn)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	char line[128];

	pthread_mutex_lock(&lock);
	if (tickets == NULL || fgets(line, sizeof line, tickets) == NULL)
		die("not enough tickets");
	pthread_mutex_unlock(&lock);
	conn_open(conn, host, port);
	greet(conn, GREET_WSS, context, g_strchomp(line));
}

/* Over and over the same frames, after the first ones, as one TLS record each time. */
static void frames(const void *first, gsize first_n, const void *bytes, gsize n)
{
	Conn conn;

	open_session(&conn);
	if (first_n > 0)
		SSL_write(conn.ssl, first, (int)first_n);
	while (SSL_write(conn.ssl, bytes, (int)n) > 0)
		__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
}

/* A pointer that rests, a byte in each frame. */
static void single_bytes(void)
{
	static const guint8 event[6] = {5, 0, 0, 1, 0, 1};
	Conn conn;

	open_session(&conn);
	for (guint64 i = 0;; i++) {
		conn_write(&conn, event + i % sizeof event, 1);
		__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
	}
}

/* A message of empty fragments that never ends. */
static void fragments(void)
{
	static const guint8 begin[6] = {WS_BINARY, 0x80};
	guint8 empty[6 * 40] = {0};

	for (unsigned i = 0; i < sizeof empty; i += 6)
		empty[i + 1] = 0x80;
	frames(begin, sizeof begin, empty, sizeof empty);
}

static void pings(void)
{
	static const guint8 ping[6] = {0x80 | WS_PING, 0x80};

	frames(NULL, 0, ping, sizeof ping);
}

static const struct {
	const char *name;
	void (*run)(void);
} kinds[] = {
	{"busy", busy},
	{"working", working},
	{"silent", silent},
	{"half-tls", half_tls},
	{"handshakes", handshakes},
	{"invented-tickets", invented_tickets},
	{"slow-heads", slow_heads},
	{"single-bytes", single_bytes},
	{"fragments", fragments},
	{"pings", pings},
};

static void *run(void *kind)
{
	kinds[GPOINTER_TO_UINT(kind)].run();
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned kind = 0;
	sigset_t signals;
	int number;

	while (argc > 4 && kind < G_N_ELEMENTS(kinds) && strcmp(argv[1], kinds[kind].name) != 0)
		kind++;
	if (argc < 5 || kind == G_N_ELEMENTS(kinds))
		die("use: bench-attack KIND HOST PORT nowhere|one|many [TICKETS]");
	host = argv[2];
	port = argv[3];
	target =
		(struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((guint16)atoi(port))};
	inet_pton(AF_INET, host, &target.sin_addr);
	many = strcmp(argv[4], "many") == 0;
	tickets = argc > 5 ? fopen(argv[5], "re") : NULL;
	context = SSL_CTX_new(TLS_client_method());
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, run, GUINT_TO_POINTER(kind));
	}
	puts("ready");
	fflush(stdout);
	do {
		sigwait(&signals, &number);
		printf("%" G_GUINT64_FORMAT "\n", __atomic_load_n(&done, __ATOMIC_RELAXED));
		fflush(stdout);
	} while (number != SIGTERM);
	_exit(0);
}
