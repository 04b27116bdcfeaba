/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ocsp: see ocsp.h. */
#include "ocsp.h"

#include "fault.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <string.h>
#include <time.h>

#define FILE_MAX   (64 * 1024) /* bytes; real ones have about 500                    */
#define CLOCK_SKEW 300         /* seconds that clocks of different machines may differ */

typedef struct {
	unsigned char *bytes;
	gsize n;
	time_t until;
} Staple;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_BASICRESP, OCSP_BASICRESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_CERTID, OCSP_CERTID_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE, X509_STORE_free)

static void staple_free(void *parent, void *data, CRYPTO_EX_DATA *ad, int index, long argl,
			void *argp)
{
	Staple *staple = data;

	if (staple == NULL)
		return;
	g_free(staple->bytes);
	g_free(staple);
}

static int staple_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, staple_free);
	return index;
}

/* A client has asked for it. One whose time is over says less than none. */
static int on_asked(SSL *ssl, void *data)
{
	const Staple *staple = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), staple_index());
	unsigned char *copy;

	if (staple == NULL || time(NULL) > staple->until)
		return SSL_TLSEXT_ERR_NOACK;
	copy = OPENSSL_memdup(staple->bytes, staple->n);
	if (copy == NULL || SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)staple->n) != 1) {
		OPENSSL_free(copy);
		return SSL_TLSEXT_ERR_NOACK;
	}
	return SSL_TLSEXT_ERR_OK;
}

static gboolean fail(const char *file, const char *why, GError **error)
{
	ERR_clear_error();
	g_set_error(error, FAULT, FAULT_CONFIG, "OCSP response %s: %s", file, why);
	return FALSE;
}

/* The certificate that signed ours, from the chain. */
static X509 *issuer_of(SSL_CTX *context)
{
	X509 *own = SSL_CTX_get0_certificate(context);
	STACK_OF(X509) *chain = NULL;

	SSL_CTX_get_extra_chain_certs(context, &chain);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		if (X509_check_issued(sk_X509_value(chain, i), own) == X509_V_OK)
			return sk_X509_value(chain, i);
	}
	return NULL;
}

/* Signed by the issuer, or by somebody to whom the issuer has given that right (RFC
 * 6960, 4.2.2.2). */
static gboolean is_signed(OCSP_BASICRESP *basic, X509 *issuer)
{
	g_autoptr(X509_STORE) trusted = X509_STORE_new();
	STACK_OF(X509) *known = sk_X509_new_null();
	gboolean ok;

	X509_STORE_add_cert(trusted, issuer);
	X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN);
	sk_X509_push(known, issuer);
	ok = OCSP_basic_verify(basic, known, trusted, 0) == 1;
	sk_X509_free(known);
	return ok;
}

/* NULL if the response is good for the certificate, else why not. */
static const char *judge(SSL_CTX *context, OCSP_RESPONSE *response, time_t *out_until)
{
	X509 *own = SSL_CTX_get0_certificate(context), *issuer = issuer_of(context);
	g_autoptr(OCSP_BASICRESP) basic = NULL;
	g_autoptr(OCSP_CERTID) id = NULL;
	ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
	struct tm calendar;
	int status;

	if (issuer == NULL)
		return "the certificate's file does not hold its issuer's, too";
	if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return OCSP_response_status_str(OCSP_response_status(response));
	basic = OCSP_response_get1_basic(response);
	if (basic == NULL || !is_signed(basic, issuer))
		return "not signed by the certificate's issuer";
	id = OCSP_cert_to_id(NULL, own, issuer);
	if (OCSP_resp_find_status(basic, id, &status, NULL, NULL, &from, &until) != 1)
		return "it is about another certificate";
	if (status != V_OCSP_CERTSTATUS_GOOD)
		return OCSP_cert_status_str(status);
	if (until == NULL || OCSP_check_validity(from, until, CLOCK_SKEW, -1) != 1 ||
	    ASN1_TIME_to_tm(until, &calendar) != 1)
		return "its time is over, or has not come, or has no end";
	*out_until = timegm(&calendar);
	return NULL;
}

gboolean ocsp_staple(SSL_CTX *context, const char *file, GBytes *content, GError **error)
{
	g_autoptr(OCSP_RESPONSE) response = NULL;
	gsize n;
	const unsigned char *bytes = g_bytes_get_data(content, &n), *at = bytes;
	const char *why;
	Staple *staple;
	time_t until = 0;

	response = n <= FILE_MAX ? d2i_OCSP_RESPONSE(NULL, &at, (long)n) : NULL;
	if (response == NULL)
		return fail(file, "no OCSP response in DER", error);
	why = judge(context, response, &until);
	if (why != NULL)
		return fail(file, why, error);
	ERR_clear_error();
	staple = g_new0(Staple, 1);
	staple->bytes = g_memdup2(bytes, n);
	staple->n = n;
	staple->until = until;
	SSL_CTX_set_ex_data(context, staple_index(), staple);
	SSL_CTX_set_tlsext_status_cb(context, on_asked);
	return TRUE;
}
