/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idtoken: see idtoken.h. */
#include "oidc/idtoken.h"

#include <jose/b64.h>
#include <jose/jws.h>
#include <string.h>

#include "fault.h"
#include "secret.h"

#define LEEWAY  60  /* s that clocks may differ              */
#define AGE_MAX 600 /* s: it was made for this very sign-in  */

/* Public keys only: with an HMAC our own client secret, or even a public key taken for one, would
 * sign; "none" would be nobody. */
static const struct {
	const char *name, *type;
} algorithms[] = {
	{"RS256", "RSA"}, {"RS384", "RSA"}, {"RS512", "RSA"}, {"PS256", "RSA"}, {"PS384", "RSA"},
	{"PS512", "RSA"}, {"ES256", "EC"},  {"ES384", "EC"},  {"ES512", "EC"},
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

static gboolean denied(GError **error, const char *words)
{
	g_set_error(error, FAULT, FAULT_DENIED, "ID token: %s", words);
	return FALSE;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- its signature */

static const char *key_type(const char *algorithm)
{
	for (gsize i = 0; algorithm != NULL && i < G_N_ELEMENTS(algorithms); i++) {
		if (g_str_equal(algorithm, algorithms[i].name))
			return algorithms[i].type;
	}
	return NULL;
}

/* {"protected", "payload", "signature"}: what libjose takes. */
static json_t *split(const char *token)
{
	g_auto(GStrv) parts = NULL;

	if (strlen(token) > IDTOKEN_MAX)
		return NULL;
	parts = g_strsplit(token, ".", 4);
	if (g_strv_length(parts) != 3)
		return NULL;
	return json_pack("{s:s,s:s,s:s}", "protected", parts[0], "payload", parts[1], "signature",
			 parts[2]);
}

static gboolean may_sign(const json_t *key, const char *type, const char *algorithm,
			 const char *name)
{
	const char *use = text_of(key, "use"), *only = text_of(key, "alg");

	return g_strcmp0(text_of(key, "kty"), type) == 0 && (!use || g_str_equal(use, "sig")) &&
	       (!only || g_str_equal(only, algorithm)) &&
	       (!name || g_strcmp0(text_of(key, "kid"), name) == 0);
}

/* True if one of the keys that fit has signed it. */
static gboolean signature_good(const json_t *jws, const json_t *keys, const char *type,
			       const json_t *header, gboolean *out_unknown_key)
{
	const char *algorithm = text_of(header, "alg"), *name = text_of(header, "kid");
	json_t *key;
	size_t i;

	*out_unknown_key = TRUE;
	json_array_foreach (json_object_get(keys, "keys"), i, key) {
		if (!may_sign(key, type, algorithm, name))
			continue;
		*out_unknown_key = FALSE;
		if (jose_jws_ver(NULL, jws, NULL, key, false))
			return TRUE;
	}
	return FALSE;
}

static gboolean check_signature(const json_t *jws, const json_t *keys, gboolean *out_unknown_key,
				GError **error)
{
	g_autoptr(json_t) header = jose_b64_dec_load(json_object_get(jws, "protected"));
	const char *type = key_type(text_of(header, "alg"));

	if (type == NULL)
		return denied(error, "signed in a way that is not accepted, or not at all");
	if (json_object_get(header, "crit") != NULL)
		return denied(error, "it has extensions that must be understood");
	if (signature_good(jws, keys, type, header, out_unknown_key))
		return TRUE;
	return denied(error, *out_unknown_key ? "signed by an unknown key" : "a bad signature");
}

/* ---- what it says */

/* A single name, or a list that has it; with others in it, it must also be made for us. */
static gboolean audience_good(const json_t *claims, const char *client)
{
	const json_t *audience = json_object_get(claims, "aud");
	const json_t *party = json_object_get(claims, "azp");
	gboolean found = FALSE;
	json_t *one;
	size_t i;

	if (json_is_string(audience))
		found = g_strcmp0(json_string_value(audience), client) == 0;
	json_array_foreach (audience, i, one)
		found |= g_strcmp0(json_string_value(one), client) == 0;
	if (party == NULL && json_array_size(audience) > 1)
		return FALSE;
	return found && (party == NULL || g_strcmp0(json_string_value(party), client) == 0);
}

static gboolean times_good(const json_t *claims, gint64 now)
{
	const json_t *expires = json_object_get(claims, "exp");
	const json_t *made = json_object_get(claims, "iat");
	const json_t *begins = json_object_get(claims, "nbf");

	return json_is_number(expires) && json_is_number(made) &&
	       json_number_value(expires) > (double)(now - LEEWAY) &&
	       json_number_value(made) <= (double)(now + LEEWAY) &&
	       json_number_value(made) > (double)(now - AGE_MAX) &&
	       (begins == NULL ||
		(json_is_number(begins) && json_number_value(begins) <= (double)(now + LEEWAY)));
}

static gboolean check_claims(const json_t *claims, const IdTokenWish *wish, GError **error)
{
	const char *nonce = text_of(claims, "nonce"), *subject = text_of(claims, "sub");

	if (g_strcmp0(text_of(claims, "iss"), wish->issuer) != 0)
		return denied(error, "of another issuer");
	if (!audience_good(claims, wish->client))
		return denied(error, "for somebody else");
	if (!times_good(claims, wish->now))
		return denied(error, "too old, or from the future");
	if (nonce == NULL || !secret_equal(nonce, wish->nonce))
		return denied(error, "of another sign-in");
	if (subject == NULL || *subject == '\0')
		return denied(error, "about nobody");
	return TRUE;
}

json_t *idtoken_check(const char *token, const json_t *keys, const IdTokenWish *wish,
		      gboolean *out_unknown_key, GError **error)
{
	g_autoptr(json_t) jws = split(token);
	g_autoptr(json_t) claims = NULL;

	*out_unknown_key = FALSE;
	if (jws == NULL) {
		denied(error, "it is none");
		return NULL;
	}
	if (!check_signature(jws, keys, out_unknown_key, error))
		return NULL;
	claims = jose_b64_dec_load(json_object_get(jws, "payload"));
	if (!json_is_object(claims)) {
		denied(error, "no claims");
		return NULL;
	}
	return check_claims(claims, wish, error) ? g_steal_pointer(&claims) : NULL;
}
