/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_scheme: how a TLS server signs, by the numbers of RFC 8446, 4.2.3, of which TLS 1.2 has most,
 * too: those that are sound. What is not in the table is neither offered nor signed.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

typedef struct {
	guint16 number;
	const char *key; /* OpenSSL's name for the kind of key                      */
	int digest;      /* ... number; NID_undef: the scheme has one of its own    */
	gboolean pss;    /* RSA: padded as PSS, with a salt as long as the digest   */
} TlsScheme;

/* NULL: none of the table. */
const TlsScheme *tls_scheme(guint16 number);
const TlsScheme *tls_scheme_of(const EVP_PKEY *key, int digest, gboolean pss);

/* Is it one for keys of this kind? */
gboolean tls_scheme_fits(const TlsScheme *scheme, const EVP_PKEY *key);

/* All of them, the best first, for SSL_CTX_set1_sigalgs_list(). */
extern const char tls_scheme_list[];
