/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls_scheme: see tls_scheme.h. */
#include "tls_scheme.h"

static const TlsScheme schemes[] = {
	{0x0403, "EC", NID_sha256, FALSE},     {0x0503, "EC", NID_sha384, FALSE},
	{0x0603, "EC", NID_sha512, FALSE},     {0x0807, "ED25519", NID_undef, FALSE},
	{0x0808, "ED448", NID_undef, FALSE},   {0x0809, "RSA-PSS", NID_sha256, TRUE},
	{0x080a, "RSA-PSS", NID_sha384, TRUE}, {0x080b, "RSA-PSS", NID_sha512, TRUE},
	{0x0804, "RSA", NID_sha256, TRUE},     {0x0805, "RSA", NID_sha384, TRUE},
	{0x0806, "RSA", NID_sha512, TRUE},     {0x0401, "RSA", NID_sha256, FALSE},
	{0x0501, "RSA", NID_sha384, FALSE},    {0x0601, "RSA", NID_sha512, FALSE},
};

const char tls_scheme_list[] = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"
			       "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
			       "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
			       "RSA+SHA256:RSA+SHA384:RSA+SHA512";

const TlsScheme *tls_scheme(guint16 number)
{
	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
		if (schemes[i].number == number)
			return &schemes[i];
	}
	return NULL;
}

gboolean tls_scheme_fits(const TlsScheme *scheme, const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, scheme->key) == 1;
}

const TlsScheme *tls_scheme_of(const EVP_PKEY *key, int digest, gboolean pss)
{
	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
		if (schemes[i].digest == digest &&
		    (schemes[i].pss == pss || EVP_PKEY_is_a(key, "RSA-PSS")) &&
		    tls_scheme_fits(&schemes[i], key))
			return &schemes[i];
	}
	return NULL;
}
