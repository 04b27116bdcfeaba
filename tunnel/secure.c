/* SPDX-License-Identifier: GPL-3.0-or-later */
/* secure: see secure.h. */
#include "secure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>

#include "fault.h"

static const char *const protocols[] = {
	[PURPOSE_CONTROL] = "\x0doriel-control",
	[PURPOSE_WEB] = "\x09oriel-web",
	[PURPOSE_DISPLAY] = "\x0doriel-display",
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL, SSL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL_CTX, SSL_CTX_free)

static gboolean fail(GError **error, Fault fault, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_error());

	g_set_error(error, FAULT, (int)fault, "%s: %s", what, why ? why : "it cannot be used");
	ERR_clear_error();
	return FALSE;
}

/* ---- what both ends have */

static gboolean load(SSL_CTX *context, const Options *options, GError **error)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(context, options->tunnel_certificate) != 1)
		return fail(error, FAULT_CONFIG, options->tunnel_certificate);
	if (SSL_CTX_use_PrivateKey_file(context, options->tunnel_key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context) != 1)
		return fail(error, FAULT_CONFIG, options->tunnel_key);
	if (SSL_CTX_load_verify_file(context, options->tunnel_ca) != 1)
		return fail(error, FAULT_CONFIG, options->tunnel_ca);
	return TRUE;
}

static SSL_CTX *context_new(const Options *options, const SSL_METHOD *method, GError **error)
{
	g_autoptr(SSL_CTX) context = SSL_CTX_new(method);

	g_assert(context != NULL);
	SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Every connection proves itself anew. */
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return load(context, options, error) ? g_steal_pointer(&context) : NULL;
}

gboolean secure_try(const Options *options, GError **error)
{
	g_autoptr(SSL_CTX) context = context_new(options, TLS_method(), error);

	return context != NULL;
}

static gboolean has_name(X509 *certificate, const char *name)
{
	guint8 address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		return X509_check_ip_asc(certificate, name, 0) == 1;
	return X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) ==
	       1;
}

/* The authority may sign for others, too: the names say who belongs here. */
static gboolean check_peer(SSL *ssl, const Options *options, GError **error)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	for (char **name = options->tunnel_peers; certificate && *name; name++) {
		if (has_name(certificate, *name))
			return TRUE;
	}
	g_set_error(error, FAULT, FAULT_DENIED, "the other end's certificate has another name");
	return FALSE;
}

/* ---- waiting */

static gboolean wait_for(SSL *ssl, int result, gint64 deadline, GError **error)
{
	struct pollfd socket = {.fd = SSL_get_fd(ssl)};
	gint64 left = deadline - g_get_monotonic_time();

	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ: socket.events = POLLIN; break;
	case SSL_ERROR_WANT_WRITE: socket.events = POLLOUT; break;
	default: return fail(error, FAULT_DENIED, "TLS with the other end");
	}
	if (left > 0 && (poll(&socket, 1, (int)(left / 1000 + 1)) > 0 || errno == EINTR))
		return TRUE;
	g_set_error(error, FAULT, FAULT_TIMEOUT, "the other end is silent");
	return FALSE;
}

static gboolean shake_hands(SSL *ssl, gint64 deadline, GError **error)
{
	int result;

	ERR_clear_error();
	while ((result = SSL_do_handshake(ssl)) != 1) {
		if (!wait_for(ssl, result, deadline, error))
			return FALSE;
	}
	return TRUE;
}

gboolean secure_read(SSL *ssl, void *to, gsize n, gint64 deadline, GError **error)
{
	for (gsize got = 0; got < n;) {
		int result = SSL_read(ssl, (guint8 *)to + got, (int)(n - got));

		if (result > 0)
			got += (gsize)result;
		else if (!wait_for(ssl, result, deadline, error))
			return FALSE;
	}
	return TRUE;
}

gboolean secure_write(SSL *ssl, const void *from, gsize n, gint64 deadline, GError **error)
{
	for (gsize sent = 0; sent < n;) {
		int result = SSL_write(ssl, (const guint8 *)from + sent, (int)(n - sent));

		if (result > 0)
			sent += (gsize)result;
		else if (!wait_for(ssl, result, deadline, error))
			return FALSE;
	}
	return TRUE;
}

/* ---- either end */

static gboolean purpose_of(SSL *ssl, Purpose *out)
{
	const unsigned char *name;
	unsigned n;

	SSL_get0_alpn_selected(ssl, &name, &n);
	for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
		if (n == strlen(protocols[i]) - 1 && memcmp(name, protocols[i] + 1, n) == 0) {
			*out = (Purpose)i;
			return TRUE;
		}
	}
	return FALSE;
}

SSL *secure_connect(const Options *options, int fd, Purpose purpose, gint64 deadline,
		    GError **error)
{
	g_autoptr(SSL_CTX) context = context_new(options, TLS_client_method(), error);
	g_autoptr(SSL) ssl = context ? SSL_new(context) : NULL;
	const char *protocol = protocols[purpose];
	Purpose agreed;

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		return NULL;
	SSL_set_alpn_protos(ssl, (const guint8 *)protocol, (unsigned)strlen(protocol));
	SSL_set_connect_state(ssl);
	if (!shake_hands(ssl, deadline, error) || !check_peer(ssl, options, error))
		return NULL;
	if (purpose_of(ssl, &agreed) && agreed == purpose)
		return g_steal_pointer(&ssl);
	g_set_error(error, FAULT, FAULT_DENIED, "the other end is no tunnel of ours");
	return NULL;
}

static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_n,
		  const unsigned char *in, unsigned n, void *unused)
{
	for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
		const guint8 *ours = (const guint8 *)protocols[i];

		if (SSL_select_next_proto((unsigned char **)out, out_n, ours, ours[0] + 1u, in,
					  n) == OPENSSL_NPN_NEGOTIATED)
			return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL *secure_accept(const Options *options, int fd, gint64 deadline, Purpose *out_purpose,
		   GError **error)
{
	g_autoptr(SSL_CTX) context = context_new(options, TLS_server_method(), error);
	g_autoptr(SSL) ssl = NULL;

	if (context == NULL)
		return NULL;
	SSL_CTX_set_alpn_select_cb(context, choose, NULL);
	ssl = SSL_new(context);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		return NULL;
	SSL_set_accept_state(ssl);
	if (!shake_hands(ssl, deadline, error) || !check_peer(ssl, options, error))
		return NULL;
	if (purpose_of(ssl, out_purpose))
		return g_steal_pointer(&ssl);
	g_set_error(error, FAULT, FAULT_DENIED, "the other end does not say what it wants");
	return NULL;
}
