/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_challenge: see rfb_challenge.h. */
#include "rfb_challenge.h"

#include <openssl/evp.h>
#include <string.h>

#include "secret.h"

/*
 * DES of the challenge under the password's first eight bytes, the bits of each mirrored. Three
 * times the same key makes triple DES a single one; so this needs neither OpenSSL's legacy provider
 * nor its deprecated interface.
 */
gboolean rfb_challenge_answer(const char *password, const guint8 *challenge, guint8 *response)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	guint8 key[24] = {0};
	gboolean good;
	int n;

	for (unsigned i = 0; i < 8 && password[i] != '\0'; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			if ((guint8)password[i] & 1 << bit)
				key[i] |= (guint8)(0x80 >> bit);
		}
	}
	memcpy(key + 8, key, 8);
	memcpy(key + 16, key, 8);
	good = ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_des_ede3_ecb(), NULL, key, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	       EVP_EncryptUpdate(ctx, response, &n, challenge, RFB_CHALLENGE) == 1 &&
	       n == RFB_CHALLENGE;
	EVP_CIPHER_CTX_free(ctx);
	secret_wipe(key, sizeof key);
	return good;
}
