/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signer: every kind of key in handshakes of both versions, what it refuses to sign, renewals,
 * and what its worker is told when it does not answer. */
#include "certificate.h"
#include "fault.h"
#include "net/tls.h"
#include "scratch.h"
#include "server_tls.h"
#include "signer/signer_question.h"

#include <glib/gstdio.h>
#include <openssl/err.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- questions */

static const char words13[] = "TLS 1.3, server CertificateVerify";

static gsize message13(guint8 *out, gsize hash)
{
	memset(out, ' ', 64);
	memcpy(out + 64, words13, sizeof words13);
	memset(out + 64 + sizeof words13, 7, hash);
	return 64 + sizeof words13 + hash;
}

static gsize message12(guint8 *out, guint8 group, guint8 point)
{
	const guint8 head[] = {3, 0, group, point};

	memset(out, ' ', 64);
	memcpy(out + 64, head, sizeof head);
	memset(out + 68, 4, point);
	return 68u + point;
}

static void test_messages(void)
{
	guint8 message[SIGNER_MESSAGE_MAX];
	gsize n;

	g_assert_true(signer_message_valid(message, message13(message, 32)));
	g_assert_true(signer_message_valid(message, message13(message, 48)));
	g_assert_true(signer_message_valid(message, message12(message, 23, 65)));
	g_assert_true(signer_message_valid(message, message12(message, 24, 97)));
	g_assert_true(signer_message_valid(message, message12(message, 29, 32)));

	g_assert_false(signer_message_valid(message, 0));
	g_assert_false(signer_message_valid(message, message13(message, 20)));
	g_assert_false(signer_message_valid(message, message12(message, 23, 64)));
	g_assert_false(signer_message_valid(message, message12(message, 25, 97)));
	n = message13(message, 32);
	memcpy(message + 64 + 9, "client", 6);
	g_assert_false(signer_message_valid(message, n));
	n = message13(message, 32);
	message[63] = 0;
	g_assert_false(signer_message_valid(message, n));
	n = message12(message, 29, 32);
	message[64] = 1;
	g_assert_false(signer_message_valid(message, n));
}

static void test_questions(void)
{
	SignerQuestion question = {.kind = SIGNER_SIGN, .key = 1, .scheme = 0x0403};
	guint32 n = question.n = (guint32)message13(question.message, 32);

	for (gsize size = 0; size < sizeof question; size++)
		g_assert_false(signer_question_valid(&question, size));
	g_assert_true(signer_question_valid(&question, sizeof question));
	g_assert_false(signer_question_valid(&question, sizeof question + 1));
	for (question.n = 0; question.n < 2 * SIGNER_MESSAGE_MAX; question.n++)
		/* The hash of 32 bytes that is there, or one of 48. */
		g_assert_cmpint(signer_question_valid(&question, sizeof question), ==,
				(question.n == n || question.n == n + 16));
	question.n = G_MAXUINT32;
	g_assert_false(signer_question_valid(&question, sizeof question));
	question.n = n;
	question.scheme = 0x10403;
	g_assert_false(signer_question_valid(&question, sizeof question));
	question.scheme = 0x0403;
	question.kind = SIGNER_SIGN + 1;
	g_assert_false(signer_question_valid(&question, sizeof question));
	question = (SignerQuestion){.kind = SIGNER_READ};
	g_assert_true(signer_question_valid(&question, sizeof question));
}

/* ---- a worker with its signer */

typedef struct {
	char *dir;
	Options options;
	Signer *signer;
	ServerTls tls;
} Fixture;

/* Takes the key. */
static void write_files(Fixture *f, EVP_PKEY *key)
{
	g_autofree char *certificate = NULL, *pem = NULL;

	g_assert_nonnull(key);
	certificate_make_of(key, &certificate, &pem);
	g_assert_true(g_file_set_contents(f->options.certificate, certificate, -1, NULL));
	g_assert_true(g_file_set_contents(f->options.key, pem, -1, NULL));
}

static void set_up(Fixture *f, gconstpointer data)
{
	f->dir = g_dir_make_tmp("oriel-signer-XXXXXX", NULL);
	f->options.certificate = g_build_filename(f->dir, "tls.crt", NULL);
	f->options.key = g_build_filename(f->dir, "tls.key", NULL);
	f->options.ocsp = g_strdup("");
	f->signer = signer_start(&f->options, NULL);
	g_assert_nonnull(f->signer);
}

static void tear_down(Fixture *f, gconstpointer data)
{
	server_tls_clear(&f->tls);
	signer_free(f->signer);
	g_assert_cmpint(waitpid(-1, NULL, 0), >, 0);
	scratch_remove(f->dir);
	g_free(f->dir);
	g_free(f->options.certificate);
	g_free(f->options.key);
	g_free(f->options.ocsp);
}

static void read_anew(Fixture *f)
{
	g_autoptr(GError) error = NULL;

	server_tls_read(&f->tls, &f->options, f->signer, NULL, &error);
	g_assert_no_error(error);
}

typedef struct {
	SSL *client, *server;
} Talk;

/* The server's side has not answered yet. */
static Talk talk_begin(Fixture *f, int version)
{
	SSL_CTX *trusting = tls_client_context(NULL, NULL);
	Talk talk = {SSL_new(trusting), SSL_new(f->tls.web)};
	BIO *a, *b;

	SSL_CTX_free(trusting);
	g_assert_cmpint(BIO_new_bio_pair(&a, 1 << 16, &b, 1 << 16), ==, 1);
	SSL_set_verify(talk.client, SSL_VERIFY_NONE, NULL);
	SSL_set_min_proto_version(talk.client, version);
	SSL_set_max_proto_version(talk.client, version);
	SSL_set_bio(talk.client, a, a);
	SSL_set_bio(talk.server, b, b);
	SSL_set_connect_state(talk.client);
	SSL_set_accept_state(talk.server);
	SSL_do_handshake(talk.client);
	return talk;
}

/* Does the client believe the signature? It has checked it with the certificate's key. */
static gboolean talk_end(Talk *talk)
{
	gboolean done = FALSE;

	for (unsigned i = 0; i < 8 && !done; i++) {
		int server = SSL_do_handshake(talk->server),
		    client = SSL_do_handshake(talk->client);

		done = server == 1 && client == 1;
	}
	SSL_free(talk->client);
	SSL_free(talk->server);
	ERR_clear_error();
	return done;
}

static gboolean talks(Fixture *f, int version)
{
	Talk talk = talk_begin(f, version);

	return talk_end(&talk);
}

/* ---- kinds of keys */

static EVP_PKEY *make_pss(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	g_assert_cmpint(EVP_PKEY_keygen_init(context), ==, 1);
	g_assert_cmpint(EVP_PKEY_generate(context, &key), ==, 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *make_key(const char *kind)
{
	if (g_str_has_prefix(kind, "P-"))
		return EVP_EC_gen(kind);
	if (g_str_equal(kind, "RSA"))
		return EVP_RSA_gen(2048);
	if (g_str_equal(kind, "RSA-PSS"))
		return make_pss();
	return EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

static const char *const kinds[] = {"P-256",   "P-384",   "P-521", "RSA",
				    "RSA-PSS", "ED25519", "ED448"};

static void test_kind(Fixture *f, gconstpointer data)
{
	write_files(f, make_key(data));
	read_anew(f);
	for (unsigned i = 0; i < 3; i++) {
		g_assert_true(talks(f, TLS1_3_VERSION));
		g_assert_true(talks(f, TLS1_2_VERSION));
	}
}

/* ---- renewal */

/* Connections that began before go on with the key of their certificate. */
static void test_renewal(Fixture *f, gconstpointer data)
{
	Talk old[SIGNER_KEYS + 1];

	for (unsigned i = 0; i < G_N_ELEMENTS(old); i++) {
		write_files(f, i % 2 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
		read_anew(f);
		read_anew(f); /* the same key is no other */
		old[i] = talk_begin(f, TLS1_3_VERSION);
	}
	/* Of the first nobody can have a handshake any more, and the log says why. */
	g_log_set_always_fatal(G_LOG_FATAL_MASK);
	for (unsigned i = 0; i < G_N_ELEMENTS(old); i++)
		g_assert_cmpint(talk_end(&old[i]), ==, (i > 0));
}

static void test_bad_files(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *certificate = NULL;

	write_files(f, EVP_EC_gen("P-256"));
	read_anew(f);
	g_assert_true(g_file_get_contents(f->options.certificate, &certificate, NULL, NULL));
	write_files(f, EVP_EC_gen("P-256"));
	g_assert_true(g_file_set_contents(f->options.certificate, certificate, -1, NULL));
	g_assert_false(server_tls_read(&f->tls, &f->options, f->signer, NULL, &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_nonnull(strstr(error->message, "mismatch"));
	g_clear_error(&error);
	g_assert_cmpint(g_unlink(f->options.key), ==, 0);
	g_assert_false(server_tls_read(&f->tls, &f->options, f->signer, NULL, &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_nonnull(strstr(error->message, f->options.key));
	g_assert_true(talks(f, TLS1_3_VERSION));
}

/* ---- what it does not sign */

static void test_refusals(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_auto(SignerFiles) files = {0};
	guint8 message[SIGNER_MESSAGE_MAX + 1], signature[SIGNER_SIGNATURE_MAX];
	gsize n = message13(message, 32), room = sizeof signature;
	const TlsScheme *ecdsa = tls_scheme(0x0403), *rsa = tls_scheme(0x0804);

	write_files(f, EVP_EC_gen("P-256"));
	g_assert_true(signer_read(f->signer, &files, &error));
	g_assert_true(
		signer_sign(f->signer, files.key, ecdsa, message, n, signature, &room, &error));
	g_assert_cmpint(room, <=, 72);
	for (unsigned wrong = 0; wrong < 5; wrong++) {
		guint32 key = wrong == 0 ? files.key + 1 : wrong == 1 ? files.key - 1 : files.key;
		const TlsScheme *scheme = wrong == 2 ? rsa : ecdsa;
		gsize length = wrong == 3 ? n - 1 : wrong == 4 ? sizeof message : n;

		room = sizeof signature;
		g_assert_false(signer_sign(f->signer, key, scheme, message, length, signature,
					   &room, &error));
		g_assert_error(error, FAULT, FAULT_BUG);
		g_clear_error(&error);
	}
	room = sizeof signature;
	g_assert_true(
		signer_sign(f->signer, files.key, ecdsa, message, n, signature, &room, &error));
}

/* ---- a signer that does not answer */

static pid_t only_child(void)
{
	g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
	g_autofree char *children = NULL;

	g_assert_true(g_file_get_contents(path, &children, NULL, NULL));
	return atoi(children);
}

static void test_silence(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_auto(SignerFiles) files = {0};
	guint8 message[SIGNER_MESSAGE_MAX], signature[SIGNER_SIGNATURE_MAX];
	gsize n = message13(message, 32), room = sizeof signature;
	gint64 began = g_get_monotonic_time();

	write_files(f, EVP_EC_gen("P-256"));
	g_assert_true(signer_read(f->signer, &files, &error));
	kill(only_child(), SIGSTOP);
	g_assert_false(signer_sign(f->signer, files.key, tls_scheme(0x0403), message, n, signature,
				   &room, &error));
	g_assert_error(error, FAULT, FAULT_TIMEOUT);
	g_assert_cmpint(g_get_monotonic_time() - began, >=, 2 * G_USEC_PER_SEC);
	g_clear_error(&error);
	/* What came too late is not taken for the next. */
	kill(only_child(), SIGCONT);
	for (unsigned i = 0; i < 3; i++) {
		room = sizeof signature;
		g_assert_true(signer_sign(f->signer, files.key, tls_scheme(0x0403), message, n,
					  signature, &room, &error));
	}
	kill(only_child(), SIGKILL);
	while (signer_sign(f->signer, files.key, tls_scheme(0x0403), message, n, signature, &room,
			   &error))
		room = sizeof signature;
	g_assert_error(error, FAULT, FAULT_BUG);
	g_assert_nonnull(strstr(error->message, "gone"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/signer/messages", test_messages);
	g_test_add_func("/signer/questions", test_questions);
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *path = g_strconcat("/signer/key/", kinds[i], NULL);

		g_test_add(path, Fixture, kinds[i], set_up, test_kind, tear_down);
	}
	g_test_add("/signer/renewal", Fixture, NULL, set_up, test_renewal, tear_down);
	g_test_add("/signer/bad-files", Fixture, NULL, set_up, test_bad_files, tear_down);
	g_test_add("/signer/refusals", Fixture, NULL, set_up, test_refusals, tear_down);
	g_test_add("/signer/silence", Fixture, NULL, set_up, test_silence, tear_down);
	return g_test_run();
}
