/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server_tls: TLS towards clients with the certificate that the options name: the contexts that a
 * worker has, and what the supervisor wants to know of the files beforehand. The key is a signer's
 * (signer.h): this process has a stand-in for it.
 */
#pragma once

#include "options.h"
#include "signer/signer.h"

#include <openssl/ssl.h>

typedef struct {
	SSL_CTX *web;
	SSL_CTX *vnc; /* without session tickets (net/tls.h) */
} ServerTls;

/* Has the signer read the files, also anew: later connections get the new certificate, each old one
 * holds a reference to its own. The signer must outlive all of them. *out_unstapled, if wanted: a
 * warning, why there is no OCSP response in the handshakes although one was configured; without an
 * answer a certificate is as good, and only who insists on one has to ask the issuer. FALSE with
 * FAULT_CONFIG, or what else signer_read() says: all stays as it was. */
gboolean server_tls_read(ServerTls *tls, const Options *options, Signer *signer,
			 GError **out_unstapled, GError **error);
void server_tls_clear(ServerTls *tls);

/* The same without use: can the certificate and its key be used? By a signer that is started for
 * it, and ends. */
gboolean server_tls_check(const Options *options, GError **out_unstapled, GError **error);

/* A text that is another one after somebody replaced or rewrote one of the files; g_free() it. */
char *server_tls_files(const Options *options);
