/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream_tls: see stream_tls.h. */
#include "stream_tls.h"

#include "fault.h"
#include "net/stream_tcp.h"
#include "net/tls_key.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#define RECORD_MAX (16 * 1024 + 64) /* with its head, nonce and tag */
/* Bytes of records that are worth a send: one more fits into a buffer's common storage, and seven
 * large ones are just enough. */
#define GATHER     (BUFFER_CHUNK - BUFFER_HEADROOM - RECORD_MAX)
#define TURN_MAX   (32 * 1024)  /* bytes that one read may use up: a record has at most 16 KiB */
#define UNSENT_MAX (2 * GATHER) /* with our own answers; who takes none is not read on */

typedef struct {
	Stream stream;
	SSL *ssl;
	Buffer early; /* read from below before TLS was here */
	Buffer out;   /* records that were not sent yet      */
	GError *below_error;
	gsize used;      /* bytes of this turn */
	gboolean ticket; /* is to be sent with the next write */
	guint8 wants;    /* what the last read from below waited for */
} TlsStream;

/* OpenSSL's own empties all of its places, whether there is something in them or not: two percent
 * of what a small record costs. */
static void forget_errors(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

/* ---- the BIO between OpenSSL and the stream below */

static int bio_read(BIO *bio, char *bytes, size_t n, size_t *out_n)
{
	TlsStream *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	/* OpenSSL answers key updates, as many as come, and reads on until there is payload. */
	if (buffer_length(&tls->out) > UNSENT_MAX || tls->used >= TURN_MAX) {
		tls->wants = tls->used >= TURN_MAX ? STREAM_AGAIN : STREAM_WRITABLE;
		BIO_set_retry_read(bio);
		return 0;
	}
	if (buffer_length(&tls->early) > 0) {
		*out_n = MIN(n, buffer_length(&tls->early));
		memcpy(bytes, buffer_bytes(&tls->early), *out_n);
		buffer_consume(&tls->early, *out_n);
		return 1;
	}
	g_clear_error(&tls->below_error);
	switch (stream_read(tls->stream.below, bytes, n, out_n, &tls->below_error)) {
	case IO_DONE: tls->used += *out_n; return 1;
	case IO_WAIT:
		tls->wants = tls->stream.below->wants;
		BIO_set_retry_read(bio);
		return 0;
	case IO_EOF: BIO_set_flags(bio, BIO_FLAGS_IN_EOF); return 0;
	case IO_FAIL: return 0;
	}
	g_assert_not_reached();
}

static int bio_write(BIO *bio, const char *bytes, size_t n, size_t *out_n)
{
	TlsStream *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	buffer_append(&tls->out, bytes, n);
	*out_n = n;
	return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	switch (command) {
	case BIO_CTRL_FLUSH: return 1;
	case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	default: return 0;
	}
}

static BIO_METHOD *bio_method(void)
{
	static BIO_METHOD *method;

	if (method == NULL) {
		method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
		BIO_meth_set_read_ex(method, bio_read);
		BIO_meth_set_write_ex(method, bio_write);
		BIO_meth_set_ctrl(method, bio_ctrl);
	}
	return method;
}

/* ---- the stream */

static Io push(TlsStream *tls, GError **error)
{
	while (buffer_length(&tls->out) > 0) {
		gsize sent;
		Io io = stream_write(tls->stream.below, buffer_bytes(&tls->out),
				     buffer_length(&tls->out), &sent, error);

		if (io == IO_WAIT)
			tls->stream.wants = tls->stream.below->wants;
		if (io != IO_DONE)
			return io;
		buffer_consume(&tls->out, sent);
	}
	return stream_flush(tls->stream.below, error);
}

/* What OpenSSL's answer means; `what` is for the message. */
static Io verdict(TlsStream *tls, int result, const char *what, GError **error)
{
	int code = SSL_get_error(tls->ssl, result);
	unsigned long reason;
	const char *words;

	switch (code) {
	case SSL_ERROR_WANT_READ: tls->stream.wants = tls->wants; return IO_WAIT;
	case SSL_ERROR_WANT_WRITE: tls->stream.wants = STREAM_WRITABLE; return IO_WAIT;
	case SSL_ERROR_ZERO_RETURN: return IO_EOF;
	}
	if (tls->below_error != NULL) {
		g_propagate_error(error, g_steal_pointer(&tls->below_error));
		return IO_FAIL;
	}
	reason = ERR_peek_last_error();
	if (reason == 0)
		return IO_EOF; /* cut off without a close_notify */
	if (tls_key_failed(error)) {
		g_prefix_error(error, "TLS %s: ", what);
		ERR_clear_error();
		return IO_FAIL;
	}
	words = ERR_reason_error_string(reason);
	if (ERR_GET_REASON(reason) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		words = X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl));
	g_set_error(error, FAULT, FAULT_CLIENT, "TLS %s: %s", what, words ? words : "failed");
	ERR_clear_error();
	return IO_FAIL;
}

/* OpenSSL would take a buffer for a record, and give it back, to learn that. */
static gboolean is_empty(const TlsStream *tls)
{
	return stream_tcp_is_empty(tls->stream.below) && !SSL_has_pending(tls->ssl) &&
	       buffer_length(&tls->early) == 0;
}

static Io tls_read(Stream *s, void *bytes, gsize n, gsize *out_n, GError **error)
{
	TlsStream *tls = (TlsStream *)s;
	int result;

	if (is_empty(tls)) {
		s->wants = STREAM_READABLE;
		return IO_WAIT;
	}
	forget_errors();
	tls->used = 0;
	result = SSL_read_ex(tls->ssl, bytes, n, out_n);
	return result == 1 ? IO_DONE : verdict(tls, result, "receive", error);
}

/* Records wait in `out` until there is enough for a send, or until the flush at the end of
 * a run. */
static Io tls_write(Stream *s, guint8 *bytes, gsize n, gsize *out_n, GError **error)
{
	TlsStream *tls = (TlsStream *)s;
	gsize taken = 0;

	if (buffer_length(&tls->out) >= GATHER) {
		Io io = push(tls, error);

		if (io != IO_DONE)
			return io;
	}
	forget_errors();
	if (tls->ticket)
		SSL_new_session_ticket(tls->ssl);
	tls->ticket = FALSE;
	while (taken < n && buffer_length(&tls->out) < GATHER) {
		gsize one;
		int result = SSL_write_ex(tls->ssl, bytes + taken, n - taken, &one);

		if (result != 1) {
			if (taken > 0)
				break;
			return verdict(tls, result, "send", error);
		}
		taken += one;
	}
	*out_n = taken;
	return IO_DONE;
}

static Io tls_flush(Stream *s, GError **error)
{
	return push((TlsStream *)s, error);
}

static void tls_shutdown(Stream *s, const char *reason)
{
	TlsStream *tls = (TlsStream *)s;

	ERR_clear_error();
	if (SSL_is_init_finished(tls->ssl))
		SSL_shutdown(tls->ssl);
	if (push(tls, NULL) == IO_DONE)
		stream_shutdown(s->below, reason);
}

static void tls_free(Stream *s)
{
	TlsStream *tls = (TlsStream *)s;

	SSL_free(tls->ssl);
	buffer_clear(&tls->early);
	buffer_clear(&tls->out);
	g_clear_error(&tls->below_error);
	g_free(tls);
}

static const StreamOps ops = {
	.name = "tls",
	.read = tls_read,
	.write = tls_write,
	.flush = tls_flush,
	.shutdown = tls_shutdown,
	.free = tls_free,
};

Stream *stream_tls_new(SSL_CTX *context, Stream *below, Buffer *early, const char *host)
{
	TlsStream *tls = g_new0(TlsStream, 1);
	BIO *bio = BIO_new(bio_method());

	tls->stream.ops = &ops;
	tls->stream.below = below;
	tls->stream.fd = below->fd;
	if (early != NULL) {
		tls->early = *early;
		memset(early, 0, sizeof *early);
	}
	tls->ssl = SSL_new(context);
	if (tls->ssl == NULL || bio == NULL)
		g_error("OpenSSL: out of memory");
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	if (host == NULL) {
		SSL_set_accept_state(tls->ssl);
	} else {
		struct in6_addr address;

		SSL_set_connect_state(tls->ssl);
		if (inet_pton(AF_INET, host, &address) == 1 ||
		    inet_pton(AF_INET6, host, &address) == 1) {
			X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), host);
		} else {
			SSL_set1_host(tls->ssl, host);
			SSL_set_tlsext_host_name(tls->ssl, host);
		}
	}
	return &tls->stream;
}

Io stream_tls_handshake(Stream *s, GError **error)
{
	TlsStream *tls = (TlsStream *)s;
	int result;
	Io io;

	ERR_clear_error();
	tls->used = 0;
	result = SSL_do_handshake(tls->ssl);
	io = push(tls, error);
	if (io == IO_FAIL)
		return io;
	return result == 1 ? io : verdict(tls, result, "handshake", error);
}

/* One, where OpenSSL itself would send two after a whole handshake: each is a fifteenth of what
 * that handshake costs, and a browser keeps those of all its connections. */
void stream_tls_offer_ticket(Stream *s)
{
	((TlsStream *)s)->ticket = TRUE;
}

void stream_tls_renew_ticket(Stream *s)
{
	TlsStream *tls = (TlsStream *)s;

	tls->ticket = SSL_session_reused(tls->ssl) == 1;
}

gboolean stream_is_tls(const Stream *stream)
{
	return stream != NULL && stream->ops == &ops;
}
