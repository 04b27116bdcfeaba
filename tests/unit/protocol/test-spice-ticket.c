/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_ticket: what was sealed can be opened, and what cannot be opened opens nothing. */
#include "spice/spice_ticket.h"

#include "secret.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

static void test_there_and_back(void)
{
	static const char *const tickets[] = {
		"secret",
		"",
		"p\303\244ss",
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
		"12345678901234567890123456789012345678901234567890123456789",
	};
	g_autoptr(GError) error = NULL;
	const guint8 *key = spice_ticket_key(&error);

	g_assert_no_error(error);
	g_assert_true(key == spice_ticket_key(NULL));
	for (unsigned i = 0; i < G_N_ELEMENTS(tickets); i++) {
		guint8 cipher[SPICE_TICKET_BYTES];
		autosecret char *opened = NULL;

		g_assert_true(spice_ticket_seal(key, tickets[i], cipher, &error));
		opened = spice_ticket_open(cipher);
		g_assert_cmpstr(opened, ==, tickets[i]);
	}
}

/* As another implementation pads: no NUL at the end, or bytes that are no text. */
static void seal_raw(const char *bytes, gsize n, guint8 *out)
{
	const guint8 *at = spice_ticket_key(NULL);
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, SPICE_LINK_KEY);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	gsize size = SPICE_TICKET_BYTES;

	g_assert_cmpint(EVP_PKEY_encrypt_init(context), >, 0);
	EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING);
	g_assert_cmpint(EVP_PKEY_encrypt(context, out, &size, (const guint8 *)bytes, n), >, 0);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
}

static void test_other_padding(void)
{
	guint8 cipher[SPICE_TICKET_BYTES];
	autosecret char *opened = NULL;

	seal_raw("abc", 3, cipher);
	opened = spice_ticket_open(cipher);
	g_assert_cmpstr(opened, ==, "abc");
	secret_free(opened);
	seal_raw("abc\0def", 8, cipher);
	opened = spice_ticket_open(cipher);
	g_assert_cmpstr(opened, ==, "abc");
}

static void test_unreadable(void)
{
	guint8 cipher[SPICE_TICKET_BYTES];
	autosecret char *first = NULL, *second = NULL, *third = NULL;

	memset(cipher, 0, sizeof cipher);
	first = spice_ticket_open(cipher);
	memset(cipher, 0xff, sizeof cipher);
	second = spice_ticket_open(cipher);
	seal_raw("\377\376", 3, cipher);
	third = spice_ticket_open(cipher);
	/* Random ones: as long as a real ticket, and never twice the same. */
	g_assert_cmpuint(strlen(first), ==, 43);
	g_assert_cmpuint(strlen(second), ==, 43);
	g_assert_cmpuint(strlen(third), ==, 43);
	g_assert_cmpstr(first, !=, second);
	g_assert_cmpstr(second, !=, third);
}

static void test_seal_refused(void)
{
	static const char sixty[] = "123456789012345678901234567890123456789012345678901234567890";
	guint8 zeros[SPICE_LINK_KEY] = {0}, cipher[SPICE_TICKET_BYTES];
	g_autoptr(GError) error = NULL;

	g_assert_false(spice_ticket_seal(zeros, "secret", cipher, &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	g_assert_false(spice_ticket_seal(spice_ticket_key(NULL), sixty, cipher, &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
}

/* A desktop's own pair; its public half as it is sent, with zeros behind one that is shorter. */
static EVP_PKEY *make_pair(guint exponent, guint8 *out)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	gsize bits = 8 * SPICE_TICKET_BYTES;
	OSSL_PARAM parts[] = {OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits),
			      OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent),
			      OSSL_PARAM_construct_end()};
	EVP_PKEY *pair = NULL;

	g_assert_cmpint(EVP_PKEY_keygen_init(context), >, 0);
	g_assert_cmpint(EVP_PKEY_CTX_set_params(context, parts), >, 0);
	g_assert_cmpint(EVP_PKEY_generate(context, &pair), >, 0);
	EVP_PKEY_CTX_free(context);
	memset(out, 0, SPICE_LINK_KEY);
	g_assert_cmpint(i2d_PUBKEY(pair, NULL), <=, SPICE_LINK_KEY);
	g_assert_cmpint(i2d_PUBKEY(pair, &out), >, 0);
	return pair;
}

/* Also one that is not as all SPICE servers make theirs. */
static void test_keys_of_desktops(void)
{
	static const guint exponents[] = {65537, 3, 65539};

	for (unsigned i = 0; i < G_N_ELEMENTS(exponents); i++) {
		guint8 key[SPICE_LINK_KEY], cipher[SPICE_TICKET_BYTES], plain[SPICE_TICKET_BYTES];
		EVP_PKEY *pair = make_pair(exponents[i], key);
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pair, NULL);
		g_autoptr(GError) error = NULL;
		gsize n = sizeof plain;

		spice_ticket_seal(key, "a word", cipher, &error);
		g_assert_no_error(error);
		g_assert_cmpint(EVP_PKEY_decrypt_init(context), >, 0);
		EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING);
		g_assert_cmpint(EVP_PKEY_decrypt(context, plain, &n, cipher, sizeof cipher), >, 0);
		g_assert_cmpmem(plain, n, "a word", sizeof "a word");
		EVP_PKEY_CTX_free(context);
		EVP_PKEY_free(pair);
	}
}

/* They have the right form, and no RSA works with them: it is the desktop's fault, and nothing else
 * happens. */
static void test_keys_that_are_none(void)
{
	for (unsigned i = 0; i < 2; i++) {
		guint8 key[SPICE_LINK_KEY], cipher[SPICE_TICKET_BYTES];
		guint8 *exponent = key + SPICE_LINK_KEY - 3;
		g_autoptr(GError) error = NULL;

		memcpy(key, spice_ticket_key(NULL), sizeof key);
		if (i == 0)
			exponent[-3] &= 0xfe; /* an even modulus */
		else
			exponent[-1] = 0; /* an exponent of no bytes */
		g_assert_false(spice_ticket_seal(key, "secret", cipher, &error));
		g_assert_error(error, FAULT, FAULT_DESKTOP);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spice-ticket/there-and-back", test_there_and_back);
	g_test_add_func("/spice-ticket/other-padding", test_other_padding);
	g_test_add_func("/spice-ticket/unreadable", test_unreadable);
	g_test_add_func("/spice-ticket/seal-refused", test_seal_refused);
	g_test_add_func("/spice-ticket/keys-of-desktops", test_keys_of_desktops);
	g_test_add_func("/spice-ticket/keys-that-are-none", test_keys_that_are_none);
	return g_test_run();
}
