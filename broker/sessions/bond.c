/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bond: see bond.h. */
#include "sessions/bond.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>

#include "secret.h"
#include "sessions/lease_proof.h"

/* Each text with its length before it, so that no two requests read the same. */
static void make_seal(const Bond *bond, const ControlMessage *request, guint8 seal[32])
{
	g_autofree char *place = lease_proof_place(request);
	const char *texts[] = {request->ticket, request->ticket ? NULL : request->user,
			       request->ticket ? NULL : request->password, place};
	GByteArray *bytes = g_byte_array_new();
	unsigned n = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		guint32 length = texts[i] ? (guint32)strlen(texts[i]) + 1 : 0;

		g_byte_array_append(bytes, (const guint8 *)&length, sizeof length);
		g_byte_array_append(bytes, (const guint8 *)texts[i], length);
	}
	g_assert(HMAC(EVP_sha256(), bond->key, sizeof bond->key, bytes->data, bytes->len, seal,
		      &n) &&
		 n == 32);
	control_wipe(bytes);
}

void bond_seal(Bond *bond, const ControlMessage *request)
{
	g_assert(getrandom(bond->key, sizeof bond->key, 0) == sizeof bond->key);
	make_seal(bond, request, bond->seal);
	bond->sealed = TRUE;
}

gboolean bond_proven(const Bond *bond, const ControlMessage *request)
{
	guint8 seal[32];

	g_assert(bond->sealed);
	make_seal(bond, request, seal);
	return CRYPTO_memcmp(seal, bond->seal, sizeof seal) == 0;
}

char *bond_word(guint32 client_id, const char *proof)
{
	autosecret char *text = NULL;

	if (!client_id || !proof)
		return NULL;
	text = g_strdup_printf("bond %u %s", client_id, proof);
	return secret_hash(text);
}

gboolean bond_told(guint32 client_id, const char *proof, const ControlMessage *request)
{
	autosecret char *word = bond_word(client_id, proof);

	return secret_equal(word, request->bond);
}

gboolean bond_matches(const Bond *bond, const ControlMessage *request)
{
	if (request->bond)
		return bond_told(bond->client_id, bond->proof, request);
	return bond->sealed ? bond_proven(bond, request)
			    : lease_proof_matches(bond->proof, request);
}

void bond_make(Bond *bond, const ControlMessage *request)
{
	g_free(bond->proof);
	bond->proof = lease_proof(request);
	bond_seal(bond, request);
}

void bond_copy(Bond *to, const Bond *from)
{
	Bond copy = *from;

	copy.proof = g_strdup(from->proof);
	bond_clear(to);
	*to = copy;
}

void bond_clear(Bond *bond)
{
	g_free(bond->proof);
	secret_wipe(bond->key, sizeof bond->key);
	memset(bond, 0, sizeof *bond);
}
