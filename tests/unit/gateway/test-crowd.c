/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A crowd that has all said its first word by the time the loop looks: real sessions on real
 * sockets, in a worker that has nothing but its turns. In each turn of the loop one of them is
 * answered. */
#include "certificate.h"
#include "control/counts.h"
#include "worker.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CROWD   12
#define SILENCE 5    /* ms */
#define LONGEST 8000 /* ms: the longest silence that may be set (config/options.c) */

struct Worker {
	uv_loop_t loop;
	Turns *turns;
	Options options;
	SSL_CTX *tls;
	unsigned sessions;
	guint64 counts[COUNTS_N];
};

/* ---- a worker */

static guint64 stands_at; /* the clock, if not 0 */

/* In place of libuv's, for the gateway's code in this program. */
uint64_t uv_now(const uv_loop_t *loop)
{
	return stands_at ? stands_at : loop->time;
}

const Options *worker_options(Worker *worker)
{
	return &worker->options;
}

uv_loop_t *worker_loop(Worker *worker)
{
	return &worker->loop;
}

guint64 *worker_counts(Worker *worker)
{
	return worker->counts;
}

SSL_CTX *worker_tls(Worker *worker, gboolean vnc)
{
	return worker->tls;
}

Turns *worker_turns(Worker *worker)
{
	return worker->turns;
}

void worker_session_started(Worker *worker, Session *session)
{
	worker->sessions++;
}

void worker_session_gone(Worker *worker, Session *session, gboolean relayed)
{
	worker->sessions--;
}

/* ---- a crowd */

typedef struct {
	Worker worker;
	int inside[CROWD], fds[CROWD];
} Fixture;

static SSL_CTX *server_tls(void)
{
	g_autofree char *certificate = NULL, *key = NULL;
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *parsed_key;
	X509 *parsed;
	BIO *bio;

	certificate_make(&certificate, &key);
	bio = BIO_new_mem_buf(certificate, -1);
	parsed = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	bio = BIO_new_mem_buf(key, -1);
	parsed_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	g_assert_cmpint(SSL_CTX_use_certificate(context, parsed), ==, 1);
	g_assert_cmpint(SSL_CTX_use_PrivateKey(context, parsed_key), ==, 1);
	X509_free(parsed);
	EVP_PKEY_free(parsed_key);
	return context;
}

static void set_up(Fixture *f, gconstpointer data)
{
	uv_loop_init(&f->worker.loop);
	f->worker.turns = turns_new(&f->worker.loop);
	f->worker.tls = server_tls();
	f->worker.options.rfb_silence = data ? SILENCE : 60000;
	for (unsigned i = 0; i < CROWD; i++) {
		int pair[2], kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

		g_assert_cmpint(socketpair(AF_UNIX, kind, 0, pair), ==, 0);
		f->inside[i] = pair[0];
		f->fds[i] = pair[1];
	}
}

static void tear_down(Fixture *f, gconstpointer data)
{
	for (unsigned i = 0; i < CROWD; i++)
		close(f->fds[i]);
	while (f->worker.sessions > 0)
		uv_run(&f->worker.loop, UV_RUN_ONCE);
	turns_close(f->worker.turns);
	uv_run(&f->worker.loop, UV_RUN_DEFAULT);
	g_assert_cmpint(uv_loop_close(&f->worker.loop), ==, 0);
	SSL_CTX_free(f->worker.tls);
}

static unsigned answered(const Fixture *f)
{
	unsigned n = 0;
	char byte;

	for (unsigned i = 0; i < CROWD; i++)
		n += recv(f->fds[i], &byte, 1, MSG_PEEK) == 1;
	return n;
}

static void take_all(Fixture *f)
{
	for (unsigned i = 0; i < CROWD; i++)
		session_start(&f->worker, f->inside[i], "192.0.2.1:1234", FALSE, FALSE, NULL);
}

static void say_all(Fixture *f, const void *bytes, gsize n)
{
	for (unsigned i = 0; i < CROWD; i++)
		g_assert_cmpint(send(f->fds[i], bytes, n, 0), ==, (gssize)n);
}

static void assert_one_by_one(Fixture *f)
{
	unsigned before = 0;

	g_assert_cmpuint(answered(f), ==, 0);
	while (before < CROWD) {
		unsigned now;

		uv_run(&f->worker.loop, UV_RUN_NOWAIT);
		now = answered(f);
		g_assert_cmpuint(now, <=, before + 1);
		before = now;
	}
}

/* The first word is there before its connection is taken. */
static void test_handshakes(Fixture *f, gconstpointer data)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;
	long n;

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
	SSL_set_connect_state(ssl);
	SSL_do_handshake(ssl);
	n = BIO_get_mem_data(out, &bytes);
	say_all(f, bytes, (gsize)n);
	take_all(f);
	assert_one_by_one(f);
	SSL_free(ssl);
	SSL_CTX_free(context);
}

/* Without TLS: an answer that says where to go. */
static void test_requests(Fixture *f, gconstpointer data)
{
	static const char words[] = "GET / HTTP/1.1\r\nHost: desktops.example.com\r\n\r\n";

	take_all(f);
	say_all(f, words, sizeof words - 1);
	assert_one_by_one(f);
}

/* Whose time is over at the same moment: they are told so one by one. */
static void test_silence(Fixture *f, gconstpointer data)
{
	take_all(f);
	g_usleep(2 * SILENCE * 1000);
	assert_one_by_one(f);
}

/* They came as long ago: the silence is over before their time is. However slow this machine is, no
 * more time passes until the last of them is answered. */
static void test_longest_silence(Fixture *f, gconstpointer data)
{
	guint64 until = uv_hrtime() + 60 * (guint64)1000000000;

	f->worker.options.rfb_silence = LONGEST;
	stands_at = f->worker.loop.time;
	f->worker.loop.time -= LONGEST;
	take_all(f);
	stands_at += LONGEST;
	while (answered(f) < CROWD && uv_hrtime() < until)
		uv_run(&f->worker.loop, UV_RUN_NOWAIT);
	g_assert_cmpuint(answered(f), ==, CROWD);
	stands_at = 0;
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, silent, test) g_test_add("/crowd/" name, Fixture, silent, set_up, test, tear_down)
	ADD("handshakes", NULL, test_handshakes);
	ADD("requests", NULL, test_requests);
	ADD("silence", "", test_silence);
	ADD("longest silence", NULL, test_longest_silence);
	return g_test_run();
}
