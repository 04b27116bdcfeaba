/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_ticket: see spice_ticket.h. */
#include "spice_ticket.h"

#include "secret.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

static struct {
	EVP_PKEY *pair; /* NULL if it could not be made */
	guint8 public[SPICE_LINK_KEY];
} own;

static gpointer own_make(gpointer unused)
{
	EVP_PKEY *pair = EVP_RSA_gen(1024);
	guint8 *at = own.public;

	/* A longer encoding would run over; i2d with NULL only counts. */
	if (pair != NULL && i2d_PUBKEY(pair, NULL) == SPICE_LINK_KEY &&
	    i2d_PUBKEY(pair, &at) == SPICE_LINK_KEY)
		own.pair = pair;
	else
		EVP_PKEY_free(pair);
	ERR_clear_error();
	return NULL;
}

const guint8 *spice_ticket_key(GError **error)
{
	static GOnce once = G_ONCE_INIT;

	g_once(&once, own_make, NULL);
	if (own.pair == NULL) {
		g_set_error_literal(error, FAULT, FAULT_CONFIG,
				    "cannot make an RSA-1024 key for SPICE tickets (FIPS mode?)");
		return NULL;
	}
	return own.public;
}

char *spice_ticket_open(const guint8 cipher[SPICE_TICKET_BYTES])
{
	g_autoptr(EVP_PKEY_CTX) context = NULL;
	guint8 plain[SPICE_TICKET_BYTES];
	gsize n = sizeof plain;
	gboolean readable;
	char *ticket;

	if (spice_ticket_key(NULL) == NULL)
		return secret_generate();
	context = EVP_PKEY_CTX_new(own.pair, NULL);
	readable = context != NULL && EVP_PKEY_decrypt_init(context) > 0 &&
		   EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
		   EVP_PKEY_decrypt(context, plain, &n, cipher, SPICE_TICKET_BYTES) > 0;
	/* Viewers count the closing NUL; what comes behind a NUL is of no meaning. */
	if (readable)
		n = strnlen((const char *)plain, n);
	if (readable && g_utf8_validate_len((const char *)plain, n, NULL))
		ticket = secret_ndup((const char *)plain, n);
	else
		ticket = secret_generate();
	secret_wipe(plain, sizeof plain);
	ERR_clear_error();
	return ticket;
}

/* All keys of SPICE servers begin like this: 1024 bits, and an exponent of 17 to 24 bits behind
 * them. */
static const guint8 key_begins[] = {0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
				    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x81,
				    0x8d, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00};
static const guint8 exponent_begins[] = {0x02, 0x03};
G_STATIC_ASSERT(sizeof key_begins + SPICE_TICKET_BYTES + sizeof exponent_begins + 3 ==
		SPICE_LINK_KEY);

/* The number in OpenSSL's order of bytes, which is the machine's. */
static gboolean native(const guint8 *bytes, gsize n, guint8 *out)
{
	BIGNUM *number = BN_bin2bn(bytes, (int)n, NULL);
	gboolean ok = number != NULL && BN_bn2nativepad(number, out, (int)n) == (int)n;

	BN_free(number);
	return ok;
}

/* OpenSSL's own decoder looks for the kind of key and for its form each time, which takes six
 * times as long as all the rest. NULL: it has to be asked. */
static EVP_PKEY *known_form(const guint8 key[SPICE_LINK_KEY])
{
	const guint8 *modulus = key + sizeof key_begins, *exponent = modulus + SPICE_TICKET_BYTES;
	guint8 n[SPICE_TICKET_BYTES], e[3];
	g_autoptr(EVP_PKEY_CTX) context = NULL;
	EVP_PKEY *made = NULL;

	if (memcmp(key, key_begins, sizeof key_begins) != 0 || !(*modulus & 0x80) ||
	    memcmp(exponent, exponent_begins, sizeof exponent_begins) != 0 ||
	    !native(modulus, sizeof n, n) || !native(exponent + 2, sizeof e, e))
		return NULL;
	context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	if (context != NULL && EVP_PKEY_fromdata_init(context) > 0) {
		OSSL_PARAM parts[] = {
			OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, sizeof n),
			OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, sizeof e),
			OSSL_PARAM_construct_end(),
		};

		EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, parts);
	}
	return made;
}

gboolean spice_ticket_seal(const guint8 key[SPICE_LINK_KEY], const char *password,
			   guint8 out_cipher[SPICE_TICKET_BYTES], GError **error)
{
	g_autoptr(EVP_PKEY) pkey = NULL;
	g_autoptr(EVP_PKEY_CTX) context = NULL;
	const guint8 *at = key;
	gsize n = SPICE_TICKET_BYTES;

	if (password == NULL)
		password = "";
	if (strlen(password) > SPICE_TICKET_MAX) {
		g_set_error(error, FAULT, FAULT_CONFIG, "a SPICE password has at most %d bytes",
			    SPICE_TICKET_MAX);
		return FALSE;
	}
	pkey = known_form(key);
	if (pkey == NULL)
		pkey = d2i_PUBKEY(NULL, &at, SPICE_LINK_KEY);
	if (pkey != NULL && EVP_PKEY_is_a(pkey, "RSA") &&
	    EVP_PKEY_get_size(pkey) == SPICE_TICKET_BYTES)
		context = EVP_PKEY_CTX_new(pkey, NULL);
	if (context == NULL || EVP_PKEY_encrypt_init(context) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) <= 0 ||
	    EVP_PKEY_encrypt(context, out_cipher, &n, (const guint8 *)password,
			     strlen(password) + 1) <= 0 ||
	    n != SPICE_TICKET_BYTES) {
		ERR_clear_error();
		g_set_error_literal(error, FAULT, FAULT_DESKTOP,
				    "the desktop's key for the SPICE ticket is not RSA-1024");
		return FALSE;
	}
	return TRUE;
}
