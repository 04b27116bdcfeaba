/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls: the TLS settings of the gateway, as OpenSSL contexts. TLS 1.2 and 1.3 only. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

/* A server's certificate, those that vouch for it, and its key: itself, or where there is only
 * a stand-in for it, that one (tls_key.h). All its own. */
typedef struct {
	X509 *certificate;
	STACK_OF(X509) * chain; /* NULL = none */
	EVP_PKEY *key;
} TlsIdentity;

/* From PEM files. The two must belong together. FAULT_CONFIG names the file that is wrong. */
gboolean tls_identity_read(TlsIdentity *out, const char *certificate, const char *key,
			   GError **error);
void tls_identity_clear(TlsIdentity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TlsIdentity, tls_identity_clear)

/*
 * For clients. tickets FALSE: no session tickets of any kind; they hang TigerVNC
 * 1.12 right after the password (fixed upstream in 1.13). TRUE: TLS 1.2 has one in its handshake,
 * those of 1.3 are offered to whom they are of use (stream_tls.h).
 * FAULT_CONFIG. SSL_CTX_free() it.
 */
SSL_CTX *tls_server_context(const TlsIdentity *identity, gboolean tickets, GError **error);

/* Towards a desktop: verifies against the PEM text, or the system's store if NULL. */
SSL_CTX *tls_client_context(const char *ca_pem, GError **error);
