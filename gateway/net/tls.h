/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls: the TLS settings of the gateway, as OpenSSL contexts. TLS 1.2 and 1.3 only. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

/*
 * For clients, from PEM files. tickets FALSE: no session tickets of any kind; they hang TigerVNC
 * 1.12 right after the password (fixed upstream in 1.13). TRUE: TLS 1.2 has one in its handshake,
 * those of 1.3 are offered to whom they are of use (stream_tls.h).
 * FAULT_CONFIG names the file that is wrong. SSL_CTX_free() it.
 */
SSL_CTX *tls_server_context(const char *certificate, const char *key, gboolean tickets,
			    GError **error);

/* Towards a desktop: verifies against the PEM text, or the system's store if NULL. */
SSL_CTX *tls_client_context(const char *ca_pem, GError **error);
