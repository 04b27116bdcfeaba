/* SPDX-License-Identifier: GPL-3.0-or-later */
/* secret: see secret.h. */
#include "secret.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

char *secret_ndup(const char *text, gsize n)
{
	char *copy;

	if (text == NULL)
		return NULL;
	copy = g_malloc(n + 1);
	memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *secret_dup(const char *text)
{
	return text ? secret_ndup(text, strlen(text)) : NULL;
}

void secret_free(char *secret)
{
	if (secret == NULL)
		return;
	secret_wipe(secret, strlen(secret));
	g_free(secret);
}

void secret_wipe(void *bytes, gsize n)
{
	if (n > 0) /* of nothing there is no address */
		explicit_bzero(bytes, n);
}

/* 43 characters of an alphabet of 62 hold 256.03 bits; bytes of 248 and more are thrown away so
 * that every character is equally likely. */
char *secret_generate(void)
{
	static const char alphabet[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char *secret = g_malloc(44);
	unsigned have = 0;

	while (have < 43) {
		guint8 bytes[64];

		if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
			g_error("getrandom: %s", g_strerror(errno));
		for (unsigned i = 0; i < sizeof bytes && have < 43; i++) {
			if (bytes[i] < 248)
				secret[have++] = alphabet[bytes[i] % 62];
		}
		secret_wipe(bytes, sizeof bytes);
	}
	secret[43] = '\0';
	return secret;
}

char *secret_hash(const char *secret)
{
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
}
