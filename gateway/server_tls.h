/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server_tls: TLS towards clients with the certificate that the options name: the contexts that a
 * worker has, and what the supervisor wants to know of the files beforehand.
 */
#pragma once

#include "options.h"

#include <openssl/ssl.h>

typedef struct {
	SSL_CTX *web;
	SSL_CTX *vnc; /* without session tickets (net/tls.h) */
} ServerTls;

/* Reads the files, also anew: later connections get the new certificate, each old one holds a
 * reference to its own. FALSE with FAULT_CONFIG: all stays as it was. */
gboolean server_tls_read(ServerTls *tls, const Options *options, GError **error);
void server_tls_clear(ServerTls *tls);

/* FAULT_CONFIG: the certificate or its key cannot be used. */
gboolean server_tls_check(const Options *options, GError **error);
/* FAULT_CONFIG: the OCSP answer cannot be stapled (net/ocsp.h); TRUE also if there is to be none,
 * or the certificate cannot be used anyway. Without an answer it is as good; only who insists on
 * one has to ask the issuer. */
gboolean server_tls_check_staple(const Options *options, GError **error);

/* A text that is another one after somebody replaced or rewrote one of the files; g_free() it. */
char *server_tls_files(const Options *options);
