/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_trust: see rdp_trust.h. */
#include "rdp_trust.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define CHAIN_MAX 8

/* Every certificate in the text. */
static STACK_OF(X509) * read_all(const void *pem, gsize n)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	BIO *bio = n <= G_MAXINT ? BIO_new_mem_buf(pem, (int)n) : NULL;
	X509 *one;

	while (bio != NULL && sk_X509_num(list) < CHAIN_MAX &&
	       (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(list, one);
	BIO_free(bio);
	return list;
}

gboolean rdp_trusted(const char *ca, const void *pem, gsize n)
{
	STACK_OF(X509) *roots = NULL, *chain = NULL;
	X509_STORE *store = NULL;
	X509_STORE_CTX *context = NULL;
	gboolean good = FALSE;

	if (ca == NULL)
		return TRUE;
	roots = read_all(ca, strlen(ca));
	chain = read_all(pem, n);
	store = X509_STORE_new();
	context = X509_STORE_CTX_new();
	for (int i = 0; store != NULL && i < sk_X509_num(roots); i++)
		X509_STORE_add_cert(store, sk_X509_value(roots, i));
	if (store != NULL && context != NULL && sk_X509_num(chain) > 0 &&
	    X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain) == 1)
		good = X509_verify_cert(context) == 1;
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_pop_free(chain, X509_free);
	sk_X509_pop_free(roots, X509_free);
	return good;
}
