/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an OpenID provider may say. The first byte chooses: a token before an empty line and a JWK
 * set behind it; or claims, which are signed here with a key of the set. None opens that does not
 * say all that it must.
 */
#include "oidc/idtoken.h"
#include "oidc/oidc_claims.h"

#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

static const IdTokenWish wish = {
	.issuer = "https://id.example.org", .client = "oriel", .nonce = "n-1", .now = 1700000000};

/* The same each time: a crash must come again. Of RFC 7515, A.3. */
static json_t *fixed_key(void)
{
	json_t *key = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "kty", "EC", "crv", "P-256", "x",
				"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y",
				"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "d",
				"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI", "alg", "ES256");

	g_assert(key != NULL);
	return key;
}

static char *sign(const json_t *claims, const json_t *key)
{
	g_autoptr(json_t) jws = json_pack("{s:o}", "payload", jose_b64_enc_dump(claims));
	g_autoptr(json_t) signature = json_pack("{s:{s:s}}", "protected", "alg", "ES256");

	g_assert(jose_jws_sig(NULL, jws, signature, key));
	return g_strjoin(".", json_string_value(json_object_get(jws, "protected")),
			 json_string_value(json_object_get(jws, "payload")),
			 json_string_value(json_object_get(jws, "signature")), NULL);
}

static void check(const char *token, const json_t *keys)
{
	g_autoptr(GError) error = NULL;
	gboolean unknown;
	g_autoptr(json_t) claims = idtoken_check(token, keys, &wish, &unknown, &error);

	g_assert((claims == NULL) == (error != NULL));
	if (claims != NULL)
		g_assert(g_strcmp0(json_string_value(json_object_get(claims, "iss")),
				   wish.issuer) == 0 &&
			 g_strcmp0(json_string_value(json_object_get(claims, "nonce")),
				   wish.nonce) == 0);
}

static void read_claims(const json_t *claims)
{
	g_autofree char *user = oidc_claims_user(claims, "preferred_username", NULL);
	g_auto(GStrv) groups = oidc_claims_groups(claims, "groups");

	g_assert(user == NULL || (*user != '\0' && strchr(user, '\n') == NULL));
	for (char **group = groups; *group != NULL; group++)
		g_assert(**group != '\0' && strchr(*group, '\n') == NULL);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *text =
		g_strndup(size > 1 ? (const char *)data + 1 : "", size > 1 ? size - 1 : 0);
	char *blank = strstr(text, "\n\n");
	g_autoptr(json_t) key = fixed_key();
	g_autoptr(json_t) set = json_pack("{s:[O]}", "keys", key);
	g_autoptr(json_t) claims = NULL;
	g_autofree char *token = NULL;

	if (size == 0)
		return 0;
	if (*data & 1) {
		g_autoptr(json_t) keys = blank ? json_loads(blank + 2, 0, NULL) : NULL;

		if (blank)
			*blank = '\0';
		check(text, keys ? keys : set);
		return 0;
	}
	claims = json_loads(text, 0, NULL);
	if (!json_is_object(claims))
		return 0;
	read_claims(claims);
	token = sign(claims, key);
	check(token, set);
	return 0;
}
