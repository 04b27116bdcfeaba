/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls: see tls.h. */
#include "tls.h"

#include "fault.h"
#include "tls_scheme.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* Every idle connection gives its record buffers back: 14 KB instead of 48 KB each. Writes may be
 * taken in part and come back from another place: the relays keep bytes in buffers that move. */
static SSL_CTX *context_new(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	if (context == NULL)
		g_error("OpenSSL: out of memory");
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_IGNORE_UNEXPECTED_EOF |
					     SSL_OP_CIPHER_SERVER_PREFERENCE |
					     SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_read_ahead(context, 1);
	return context;
}

static gboolean fail(GError **error, const char *what, const char *file)
{
	/* The first of the queue is the cause; what follows are its consequences. */
	const unsigned long cause = ERR_peek_error();

	/* OpenSSL has no text for the system's own errors. */
	g_set_error(error, FAULT, FAULT_CONFIG, "%s %s: %s", what, file,
		    ERR_SYSTEM_ERROR(cause) ? g_strerror(ERR_GET_REASON(cause))
					    : ERR_reason_error_string(cause));
	ERR_clear_error();
	return FALSE;
}

static gboolean load_identity(SSL_CTX *context, const char *certificate, const char *key,
			      GError **error)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
		return fail(error, "certificate", certificate);
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		return fail(error, "key", key);
	if (SSL_CTX_check_private_key(context) != 1)
		return fail(error, "certificate and key do not belong together:", key);
	return TRUE;
}

gboolean tls_identity_read(TlsIdentity *out, const char *certificate, const char *key,
			   GError **error)
{
	SSL_CTX *context = context_new(TLS_server_method());
	STACK_OF(X509) *chain = NULL;
	gboolean read = load_identity(context, certificate, key, error);

	if (read) {
		SSL_CTX_get0_chain_certs(context, &chain);
		*out = (TlsIdentity){
			.certificate = SSL_CTX_get0_certificate(context),
			.chain = chain ? X509_chain_up_ref(chain) : NULL,
			.key = SSL_CTX_get0_privatekey(context),
		};
		X509_up_ref(out->certificate);
		EVP_PKEY_up_ref(out->key);
	}
	SSL_CTX_free(context);
	return read;
}

void tls_identity_clear(TlsIdentity *identity)
{
	X509_free(identity->certificate);
	sk_X509_pop_free(identity->chain, X509_free);
	EVP_PKEY_free(identity->key);
	*identity = (TlsIdentity){0};
}

/* A browser that also offers h2 must settle on HTTP/1.1; a SPICE client offers nothing. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
		       const unsigned char *in, unsigned int n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";

	if (SSL_select_next_proto((unsigned char **)out, out_n, ours, sizeof ours - 1, in, n) ==
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_OK;
	return SSL_TLSEXT_ERR_NOACK;
}

/* TLS 1.3 has nothing weak. Of 1.2 what is as good: a fresh key for each connection, and encryption
 * that authenticates. Every viewer and browser since 2014 knows these; larger groups than P-384
 * only let a stranger make us work. The groups are those that the signer knows
 * (signer_question.c). */
static gboolean set_strength(SSL_CTX *context, GError **error)
{
	if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
	    SSL_CTX_set1_sigalgs_list(context, tls_scheme_list) == 1)
		return TRUE;
	g_set_error(error, FAULT, FAULT_BUG, "OpenSSL does not know our ciphers");
	return FALSE;
}

/* For the context as a whole, since it has one certificate: a chain of the certificate's own would
 * be copied for each connection. */
static void use_chain(SSL_CTX *context, STACK_OF(X509) * chain)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *one = sk_X509_value(chain, i);

		X509_up_ref(one);
		SSL_CTX_add_extra_chain_cert(context, one);
	}
}

static gboolean use_identity(SSL_CTX *context, const TlsIdentity *identity, GError **error)
{
	ERR_clear_error();
	use_chain(context, identity->chain);
	if (SSL_CTX_use_certificate(context, identity->certificate) == 1 &&
	    SSL_CTX_use_PrivateKey(context, identity->key) == 1)
		return TRUE;
	return fail(error, "certificate", "and key");
}

SSL_CTX *tls_server_context(const TlsIdentity *identity, gboolean tickets, GError **error)
{
	SSL_CTX *context = context_new(TLS_server_method());

	if (!set_strength(context, error) || !use_identity(context, identity, error)) {
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_alpn_select_cb(context, choose_alpn, NULL);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	if (!tickets)
		SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	return context;
}

static gboolean trust_pem(SSL_CTX *context, const char *pem)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	BIO *bio = BIO_new_mem_buf(pem, -1);
	unsigned n = 0;
	X509 *certificate;

	while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		X509_STORE_add_cert(store, certificate);
		X509_free(certificate);
		n++;
	}
	BIO_free(bio);
	ERR_clear_error();
	return n > 0;
}

SSL_CTX *tls_client_context(const char *ca_pem, GError **error)
{
	SSL_CTX *context = context_new(TLS_client_method());

	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (ca_pem == NULL) {
		SSL_CTX_set_default_verify_paths(context);
	} else if (!trust_pem(context, ca_pem)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "the desktop's CA holds no certificate");
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}
