/* SPDX-License-Identifier: GPL-3.0-or-later */
/* secret_equal: see secret.h. By itself, so that a program that compares none (oriel-lobby) does
 * not load libcrypto. */
#include "secret.h"

#include <openssl/crypto.h>
#include <string.h>

gboolean secret_equal(const char *a, const char *b)
{
	gsize n;

	if (a == NULL || b == NULL)
		return FALSE;
	n = strlen(a);
	return strlen(b) == n && CRYPTO_memcmp(a, b, n) == 0;
}
