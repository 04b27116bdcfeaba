/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lease_proof: see lease_proof.h. */
#include "sessions/lease_proof.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "auth/limit.h"
#include "lobbies/native_login.h"
#include "secret.h"

#define ROUNDS     100000
#define SALT_BYTES 16
#define HASH_BYTES 32

static char *hex(const guint8 *bytes, gsize n)
{
	char *text = g_malloc(2 * n + 1);

	for (gsize i = 0; i < n; i++)
		g_snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

/* User and password, each with its end, so that no two pairs read the same. */
static char *slow_hash(const char *salt, const ControlMessage *request)
{
	gsize user = strlen(request->user) + 1;
	gsize password = strlen(request->password);
	char *both = g_malloc(user + password + 1);
	guint8 hash[HASH_BYTES];

	memcpy(both, request->user, user);
	memcpy(both + user, request->password, password + 1);
	g_assert(PKCS5_PBKDF2_HMAC(both, (int)(user + password), (const guint8 *)salt,
				   (int)strlen(salt), ROUNDS, EVP_sha256(), sizeof hash,
				   hash) == 1);
	secret_wipe(both, user + password);
	g_free(both);
	return hex(hash, sizeof hash);
}

char *lease_proof_place(const ControlMessage *request)
{
	g_autofree char *host = NULL;

	if (!request->ticket || *request->ticket != '\0' || !request->peer)
		return NULL;
	host = native_login_host(request->peer);
	return limit_place(host);
}

static char *proof_with(const char *salt, const ControlMessage *request)
{
	g_autofree char *place = lease_proof_place(request);
	g_autofree char *salted = place ? g_strconcat(salt, " ", place, NULL) : NULL;
	g_autofree char *hash = NULL;

	if (place) {
		hash = secret_hash(salted);
		return g_strconcat("place$", salt, "$", hash, NULL);
	}
	if (request->ticket) {
		hash = secret_hash(request->ticket);
		return g_strconcat("ticket$", hash, NULL);
	}
	hash = slow_hash(salt, request);
	return g_strconcat("password$", salt, "$", hash, NULL);
}

gboolean lease_proof_of_place(const char *proof)
{
	return g_str_has_prefix(proof, "place$");
}

char *lease_proof(const ControlMessage *request)
{
	guint8 random[SALT_BYTES];
	g_autofree char *salt = NULL;

	if (!request->ticket && !request->user)
		return NULL;
	g_assert(getrandom(random, sizeof random, 0) == sizeof random);
	salt = hex(random, sizeof random);
	return proof_with(salt, request);
}

gboolean lease_proof_matches(const char *proof, const ControlMessage *request)
{
	g_auto(GStrv) parts = g_strsplit(proof ? proof : "", "$", 3);
	gboolean salted = g_strcmp0(parts[0], "ticket") != 0;
	g_autofree char *same = NULL;

	if (!parts[0] || (salted && g_strv_length(parts) != 3))
		return FALSE;
	if (!request->ticket && (!request->user || !request->password))
		return FALSE;
	/* Its kind is a part of it: one of another kind is not the same. */
	same = proof_with(salted ? parts[1] : "", request);
	return secret_equal(proof, same);
}
