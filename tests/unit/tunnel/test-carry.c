/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * carry: two of them back to back over TLS on a socket pair: bytes both ways, ends, descriptors;
 * and kept: once, by the right secret.
 */
#include "carry.h"

#include <fcntl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fdpass.h"
#include "secret.h"

typedef struct {
	Carry with;
	int outer; /* the far side of `plain` */
	int tls;
	gboolean lost; /* what carry() said */
	GThread *thread;
} End;

typedef struct {
	Kept *kept;
	SSL_CTX *contexts[2];
	End inside, outside;
	int fetched; /* how often */
} Fixture;

/* A certificate that nobody checks: carry has nothing to do with who it is. */
static void identify(SSL_CTX *context)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	g_assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	g_assert_cmpint(SSL_CTX_use_certificate(context, certificate), ==, 1);
	g_assert_cmpint(SSL_CTX_use_PrivateKey(context, key), ==, 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static int fetch(const char *secret, gpointer data)
{
	Fixture *f = data;

	f->fetched++;
	return kept_take(f->kept, secret);
}

static gpointer run(gpointer data)
{
	End *end = data;

	end->lost = carry(&end->with);
	close(end->with.plain);
	close(end->tls);
	return NULL;
}

static void begin(End *end, SSL_CTX *context, int tls, gboolean server)
{
	int pair[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
	g_assert_cmpint(fcntl(pair[0], F_SETFL, O_NONBLOCK), ==, 0);
	end->with.plain = pair[0];
	end->outer = pair[1];
	end->tls = tls;
	end->with.ssl = SSL_new(context);
	SSL_set_fd(end->with.ssl, tls);
	if (server)
		SSL_set_accept_state(end->with.ssl);
	else
		SSL_set_connect_state(end->with.ssl);
	end->thread = g_thread_new("carry", run, end);
}

static void setup(Fixture *f, gconstpointer unused)
{
	int pair[2];

	f->kept = kept_new();
	f->contexts[0] = SSL_CTX_new(TLS_server_method());
	f->contexts[1] = SSL_CTX_new(TLS_client_method());
	for (unsigned i = 0; i < 2; i++)
		SSL_CTX_set_mode(f->contexts[i], SSL_MODE_ENABLE_PARTIAL_WRITE |
							 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	identify(f->contexts[0]);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			==, 0);
	f->inside.with.kept = f->kept;
	f->outside.with.fetch = fetch;
	f->outside.with.data = f;
	begin(&f->inside, f->contexts[0], pair[0], TRUE);
	begin(&f->outside, f->contexts[1], pair[1], FALSE);
}

static void teardown(Fixture *f, gconstpointer unused)
{
	End *ends[] = {&f->inside, &f->outside};

	for (unsigned i = 0; i < 2; i++)
		shutdown(ends[i]->outer, SHUT_RDWR);
	for (unsigned i = 0; i < 2; i++) {
		if (ends[i]->thread)
			g_thread_join(ends[i]->thread);
		close(ends[i]->outer);
		SSL_free(ends[i]->with.ssl);
		SSL_CTX_free(f->contexts[i]);
	}
	kept_free(f->kept);
}

static void say(int fd, const char *bytes, gsize n)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		g_assert_cmpint(sent, >, 0);
		bytes += sent;
		n -= (gsize)sent;
	}
}

static void hear(int fd, const char *bytes, gsize n)
{
	while (n > 0) {
		char got[65536];
		ssize_t m = recv(fd, got, MIN(n, sizeof got), 0);

		g_assert_cmpint(m, >, 0);
		g_assert_cmpmem(got, m, bytes, m);
		bytes += m;
		n -= (gsize)m;
	}
}

/* Only a line that broke is taken for one, not an end that somebody made. */
static void test_a_broken_line(Fixture *f, gconstpointer broken)
{
	char last;

	say(f->outside.outer, "a", 1);
	hear(f->inside.outer, "a", 1);
	if (broken)
		shutdown(f->inside.tls, SHUT_RDWR);
	else
		shutdown(f->outside.outer, SHUT_RDWR);
	g_assert_cmpint(recv(f->inside.outer, &last, 1, 0), ==, 0);
	if (!broken)
		shutdown(f->inside.outer, SHUT_RDWR);
	g_thread_join(g_steal_pointer(&f->inside.thread));
	g_assert_cmpint(f->inside.lost, ==, broken != NULL);
}

static void test_both_ways(Fixture *f, gconstpointer unused)
{
	say(f->outside.outer, "question", 8);
	hear(f->inside.outer, "question", 8);
	say(f->inside.outer, "answer", 6);
	hear(f->outside.outer, "answer", 6);
}

typedef struct {
	int fd;
	const char *bytes;
	gsize n;
} Speech;

static gpointer speak(gpointer data)
{
	Speech *speech = data;

	say(speech->fd, speech->bytes, speech->n);
	return NULL;
}

/* More than any buffer on the way holds. */
static void test_much(Fixture *f, gconstpointer unused)
{
	gsize n = 8 << 20;
	g_autofree char *bytes = g_malloc(n);
	Speech speech = {f->inside.outer, bytes, n};
	GThread *speaker;

	for (gsize i = 0; i < n; i++)
		bytes[i] = (char)(i * 2654435761u >> 24);
	speaker = g_thread_new("speak", speak, &speech);
	hear(f->outside.outer, bytes, n);
	g_thread_join(speaker);
}

/* One direction ends; the other goes on. */
static void test_half_closed(Fixture *f, gconstpointer unused)
{
	char byte;

	say(f->outside.outer, "last", 4);
	shutdown(f->outside.outer, SHUT_WR);
	hear(f->inside.outer, "last", 4);
	g_assert_cmpint(recv(f->inside.outer, &byte, 1, 0), ==, 0);
	say(f->inside.outer, "still", 5);
	hear(f->outside.outer, "still", 5);
	shutdown(f->inside.outer, SHUT_WR);
	g_assert_cmpint(recv(f->outside.outer, &byte, 1, 0), ==, 0);
}

static int hear_with(int from, const char *bytes)
{
	char got[64];
	int fd;
	ssize_t n = fdpass_receive_one(from, got, strlen(bytes), &fd, 0);

	g_assert_cmpmem(got, n, bytes, strlen(bytes));
	g_assert_cmpint(fd, >=, 0);
	return fd;
}

/* It comes out with the bytes that it went in with, and leads to the same. */
static void test_descriptor(Fixture *f, gconstpointer unused)
{
	int pipes[2], fd;
	char got[3];

	g_assert_cmpint(pipe(pipes), ==, 0);
	say(f->inside.outer, "before", 6);
	hear(f->outside.outer, "before", 6);
	g_assert_cmpint(fdpass_send_one(f->inside.outer, "lease", 5, pipes[1], 0), ==, 5);
	close(pipes[1]);
	fd = hear_with(f->outside.outer, "lease");
	g_assert_cmpint(write(fd, "yes", 3), ==, 3);
	g_assert_cmpint(read(pipes[0], got, 3), ==, 3);
	g_assert_cmpmem(got, 3, "yes", 3);
	close(fd);
	close(pipes[0]);
	g_assert_cmpint(f->fetched, ==, 1);
}

/* A gateway has none to give: it is closed, the bytes go on. */
static void test_descriptor_outwards(Fixture *f, gconstpointer unused)
{
	int pipes[2];
	char byte;

	g_assert_cmpint(pipe(pipes), ==, 0);
	g_assert_cmpint(fdpass_send_one(f->outside.outer, "redeem", 6, pipes[1], 0), ==, 6);
	close(pipes[1]);
	hear(f->inside.outer, "redeem", 6);
	g_assert_cmpint(read(pipes[0], &byte, 1), ==, 0);
	close(pipes[0]);
}

static void test_kept(void)
{
	Kept *kept = kept_new();
	int first[2], second[2];
	autosecret char *one = NULL;
	autosecret char *two = NULL;
	int fd;

	g_assert_true(pipe(first) == 0 && pipe(second) == 0);
	one = kept_add(kept, first[1]);
	two = kept_add(kept, second[1]);
	g_assert_cmpint(kept_take(kept, "nobody's"), ==, -1);
	fd = kept_take(kept, two);
	g_assert_cmpint(fd, ==, second[1]);
	g_assert_cmpint(kept_take(kept, two), ==, -1);
	kept_free(kept); /* closes the first one's */
	g_assert_cmpint(fcntl(first[1], F_GETFD), ==, -1);
	close(fd);
	close(first[0]);
	close(second[0]);
}

/* Whoever never fetches crowds nobody out for ever. */
static void test_kept_full(void)
{
	Kept *kept = kept_new();
	autosecret char *first = NULL;
	autosecret char *last = NULL;

	for (unsigned i = 0; i < 300; i++) {
		autosecret char *secret = kept_add(kept, open("/dev/null", O_RDONLY | O_CLOEXEC));

		if (i == 0)
			first = g_steal_pointer(&secret);
		else if (i == 299)
			last = g_steal_pointer(&secret);
	}
	g_assert_cmpint(kept_take(kept, first), ==, -1);
	close(kept_take(kept, last));
	kept_free(kept);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *, gconstpointer);
	} tests[] = {
		{"/carry/both-ways", test_both_ways},
		{"/carry/much", test_much},
		{"/carry/half-closed", test_half_closed},
		{"/carry/descriptor", test_descriptor},
		{"/carry/descriptor-outwards", test_descriptor_outwards},
	};

	signal(SIGPIPE, SIG_IGN); /* as main.c does */
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].run, teardown);
	g_test_add("/carry/ended-by-somebody", Fixture, NULL, setup, test_a_broken_line, teardown);
	g_test_add("/carry/broken-line", Fixture, "broken", setup, test_a_broken_line, teardown);
	g_test_add_func("/kept/once", test_kept);
	g_test_add_func("/kept/full", test_kept_full);
	return g_test_run();
}
