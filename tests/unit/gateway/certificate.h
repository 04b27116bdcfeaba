/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certificate: a self-signed certificate for 127.0.0.1, for tests. */
#pragma once

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static inline char *certificate_pem(BIO *bio)
{
	char *bytes;
	long n = BIO_get_mem_data(bio, &bytes);
	char *text = g_strndup(bytes, (gsize)n);

	BIO_free(bio);
	return text;
}

/* Takes the key. */
static inline void certificate_make_of(EVP_PKEY *key, char **out_certificate, char **out_key)
{
	gboolean own_digest = EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	BIO *certificate = BIO_new(BIO_s_mem()), *pem = BIO_new(BIO_s_mem());

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const guint8 *)"127.0.0.1", -1, -1,
				   0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509_add_ext(x, san, -1);
	g_assert_cmpint(X509_sign(x, key, own_digest ? NULL : EVP_sha256()), >, 0);
	PEM_write_bio_X509(certificate, x);
	PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL);
	*out_certificate = certificate_pem(certificate);
	*out_key = certificate_pem(pem);
	X509_EXTENSION_free(san);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* Of a key for P-256. */
static inline void certificate_make(char **out_certificate, char **out_key)
{
	certificate_make_of(EVP_EC_gen("P-256"), out_certificate, out_key);
}
