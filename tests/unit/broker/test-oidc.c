/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ID tokens: the one that opens, and those that do not; claims; what is sent to the provider. */
#include <glib/gstdio.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <string.h>

#include "fault.h"
#include "oidc/idtoken.h"
#include "oidc/oidc.h"
#include "oidc/oidc_claims.h"

#define NOW 1700000000

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

static const IdTokenWish wish = {
	.issuer = "https://id.example.org", .client = "oriel", .nonce = "n-1", .now = NOW};

/* A key pair of that algorithm. */
static json_t *make_key(const char *algorithm, const char *name)
{
	json_t *key = json_pack("{s:s,s:s,s:s}", "alg", algorithm, "kid", name, "use", "sig");

	g_assert_true(jose_jwk_gen(NULL, key));
	return key;
}

/* A set with the public half. */
static json_t *set_of(const json_t *key)
{
	json_t *public = json_deep_copy(key);

	g_assert_true(jose_jwk_pub(NULL, public));
	return json_pack("{s:[o]}", "keys", public);
}

static json_t *good_claims(void)
{
	return json_pack("{s:s,s:s,s:s,s:i,s:i,s:s}", "iss", wish.issuer, "aud", wish.client, "sub",
			 "u1", "exp", NOW + 300, "iat", NOW, "nonce", wish.nonce);
}

static char *sign_with_header(const json_t *claims, const json_t *key, json_t *header)
{
	g_autoptr(json_t) jws = json_pack("{s:o}", "payload", jose_b64_enc_dump(claims));
	json_t *signature = json_pack("{s:o}", "protected", header);

	g_assert_true(jose_jws_sig(NULL, jws, signature, key));
	json_decref(signature);
	return g_strjoin(".", json_string_value(json_object_get(jws, "protected")),
			 json_string_value(json_object_get(jws, "payload")),
			 json_string_value(json_object_get(jws, "signature")), NULL);
}

static char *sign(const json_t *claims, const json_t *key)
{
	return sign_with_header(claims, key,
				json_pack("{s:O,s:O}", "alg", json_object_get(key, "alg"), "kid",
					  json_object_get(key, "kid")));
}

static gboolean opens(const char *token, const json_t *keys, gboolean *out_unknown)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) claims = idtoken_check(token, keys, &wish, out_unknown, &error);

	if (claims != NULL)
		return TRUE;
	g_assert_error(error, FAULT, FAULT_DENIED);
	return FALSE;
}

static void test_good(void)
{
	static const char *const algorithms[] = {"RS256", "PS256", "ES256", "ES384"};

	for (gsize i = 0; i < G_N_ELEMENTS(algorithms); i++) {
		g_autoptr(json_t) key = make_key(algorithms[i], "k1");
		g_autoptr(json_t) keys = set_of(key);
		g_autoptr(json_t) claims = good_claims();
		g_autofree char *token = sign(claims, key);
		gboolean unknown = TRUE;

		g_assert_true(opens(token, keys, &unknown));
		g_assert_false(unknown);
	}
}

static void test_claims(void)
{
	/* What is put in place of the good claim; NULL takes it away. */
	static const struct {
		const char *key, *value;
	} bad[] = {
		{"iss", "\"https://evil.example.org\""},
		{"iss", "\"https://id.example.org/\""},
		{"iss", NULL},
		{"aud", "\"another\""},
		{"aud", "[\"another\"]"},
		{"aud", "[\"oriel\",\"another\"]"}, /* without azp */
		{"aud", "[]"},
		{"aud", NULL},
		{"azp", "\"another\""},
		{"exp", "1699999900"},
		{"exp", "\"1800000000\""},
		{"exp", NULL},
		{"iat", "1699990000"},
		{"iat", "1700001000"},
		{"iat", NULL},
		{"nbf", "1700001000"},
		{"nonce", "\"n-2\""},
		{"nonce", NULL},
		{"sub", "\"\""},
		{"sub", NULL},
	};
	g_autoptr(json_t) key = make_key("ES256", "k1");
	g_autoptr(json_t) keys = set_of(key);
	gboolean unknown;

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(json_t) claims = good_claims();
		g_autofree char *token = NULL;

		json_object_del(claims, bad[i].key);
		if (bad[i].value != NULL)
			json_object_set_new(claims, bad[i].key,
					    json_loads(bad[i].value, JSON_DECODE_ANY, NULL));
		token = sign(claims, key);
		g_test_message("%s = %s", bad[i].key, bad[i].value ? bad[i].value : "(none)");
		g_assert_false(opens(token, keys, &unknown));
	}
	{
		g_autoptr(json_t) claims = good_claims();
		g_autofree char *token = NULL;

		json_object_set_new(claims, "aud", json_pack("[s,s]", "another", "oriel"));
		json_object_set_new(claims, "azp", json_string("oriel"));
		token = sign(claims, key);
		g_assert_true(opens(token, keys, &unknown));
	}
}

/* Algorithms that are nobody's signature, or that the public key itself could make. */
static void test_algorithms(void)
{
	g_autoptr(json_t) key = make_key("RS256", "k1");
	g_autoptr(json_t) keys = set_of(key);
	g_autoptr(json_t) shared = make_key("HS256", "k1");
	g_autoptr(json_t) shared_set = json_pack("{s:[O]}", "keys", shared);
	g_autoptr(json_t) claims = good_claims();
	g_autofree char *token = sign(claims, shared);
	g_autofree char *good = sign(claims, key);
	g_autoptr(json_t) none_header = json_pack("{s:s}", "alg", "none");
	g_autoptr(json_t) none_text = jose_b64_enc_dump(none_header);
	g_auto(GStrv) parts = g_strsplit(good, ".", 3);
	g_autofree char *none = g_strconcat(json_string_value(none_text), ".", parts[1], ".", NULL);
	g_autofree char *critical = sign_with_header(
		claims, key,
		json_pack("{s:s,s:s,s:[s],s:b}", "alg", "RS256", "kid", "k1", "crit", "x", "x", 1));
	gboolean unknown;

	g_assert_false(opens(token, keys, &unknown));
	g_assert_false(opens(token, shared_set, &unknown));
	g_assert_false(opens(none, keys, &unknown));
	g_assert_false(opens(critical, keys, &unknown));
	g_assert_true(opens(good, keys, &unknown));
	/* The key says what it is for. */
	json_object_set_new(json_array_get(json_object_get(keys, "keys"), 0), "use",
			    json_string("enc"));
	g_assert_false(opens(good, keys, &unknown));
}

static void test_keys(void)
{
	g_autoptr(json_t) old = make_key("ES256", "k1");
	g_autoptr(json_t) renewed = make_key("ES256", "k2");
	g_autoptr(json_t) impostor = make_key("ES256", "k1");
	g_autoptr(json_t) keys = set_of(old);
	g_autoptr(json_t) claims = good_claims();
	g_autofree char *token = sign(claims, renewed);
	g_autofree char *forged = sign(claims, impostor);
	g_autofree char *nameless =
		sign_with_header(claims, old, json_pack("{s:s}", "alg", "ES256"));
	gboolean unknown = FALSE;

	g_assert_false(opens(token, keys, &unknown));
	g_assert_true(unknown);
	g_assert_false(opens(forged, keys, &unknown));
	g_assert_false(unknown);
	g_assert_true(opens(nameless, keys, &unknown));
}

/* Cut and changed anywhere, it opens no more. */
static void test_mangled(void)
{
	g_autoptr(json_t) key = make_key("ES256", "k1");
	g_autoptr(json_t) keys = set_of(key);
	g_autoptr(json_t) claims = good_claims();
	g_autofree char *token = sign(claims, key);
	g_autofree char *huge = g_strnfill(IDTOKEN_MAX + 1, 'a');
	gboolean unknown;

	for (gsize i = 0; i < strlen(token); i++) {
		g_autofree char *cut = g_strndup(token, i);

		g_assert_false(opens(cut, keys, &unknown));
	}
	/* The last letter of a part may hold bits that mean nothing: each but that one. */
	for (gsize i = 0; i + 1 < strlen(token); i++) {
		char kept = token[i];

		if (token[i + 1] == '.')
			continue;
		token[i] = kept == 'A' ? 'B' : 'A';
		g_assert_false(opens(token, keys, &unknown));
		token[i] = kept;
	}
	g_assert_true(opens(token, keys, &unknown));
	g_assert_false(opens("", keys, &unknown));
	g_assert_false(opens("a.b.c.d", keys, &unknown));
	g_assert_false(opens(huge, keys, &unknown));
}

static void test_names(void)
{
	g_autoptr(json_t) claims = json_pack(
		"{s:s,s:s,s:s,s:[s,s,i,s],s:s,s:s}", "name", "anna", "bad", "an\nna", "blank", "",
		"groups", "staff", "bad\tgroup", 7, "lab", "one", "alone", "email", "a@b.example");
	g_auto(GStrv) groups = oidc_claims_groups(claims, "groups");
	g_auto(GStrv) one = oidc_claims_groups(claims, "one");
	g_auto(GStrv) none = oidc_claims_groups(claims, "none");
	g_autofree char *name = oidc_claims_user(claims, "name", NULL);
	g_autofree char *mail = NULL;

	g_assert_cmpstr(name, ==, "anna");
	g_assert_null(oidc_claims_user(claims, "bad", NULL));
	g_assert_null(oidc_claims_user(claims, "blank", NULL));
	g_assert_null(oidc_claims_user(claims, "none", NULL));
	g_assert_null(oidc_claims_user(claims, "groups", NULL));
	g_assert_null(oidc_claims_user(claims, "email", NULL));
	json_object_set_new(claims, "email_verified", json_true());
	mail = oidc_claims_user(claims, "email", NULL);
	g_assert_cmpstr(mail, ==, "a@b.example");
	g_assert_cmpuint(g_strv_length(groups), ==, 2);
	g_assert_cmpstr(groups[1], ==, "lab");
	g_assert_cmpstr(one[0], ==, "alone");
	g_assert_cmpuint(g_strv_length(none), ==, 0);
}

/* A secret that others can read is refused, and so is an issuer without TLS. */
static void test_config(void)
{
	g_autofree char *dir = g_dir_make_tmp("oriel-oidc-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "secret", NULL);
	Options options = {.oidc_issuer = (char *)"",
			   .oidc_client_id = (char *)"oriel",
			   .oidc_client_secret_file = path,
			   .oidc_ca = (char *)"",
			   .public_host = (char *)"desk.example.org",
			   .public_port = 443};
	g_autoptr(GError) error = NULL;
	Oidc *oidc = NULL;

	g_assert_true(oidc_open(&options, &oidc, &error) && oidc == NULL);
	options.oidc_issuer = (char *)"http://id.example.org";
	g_assert_false(oidc_open(&options, &oidc, NULL));
	options.oidc_issuer = (char *)"https://id.example.org";
	g_assert_false(oidc_open(&options, &oidc, NULL)); /* no such file */
	g_assert_true(g_file_set_contents_full(path, "s3cret\n", -1, G_FILE_SET_CONTENTS_NONE, 0640,
					       NULL));
	g_assert_false(oidc_open(&options, &oidc, &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_nonnull(strstr(error->message, "0600"));
	g_chmod(path, 0600);
	g_assert_true(oidc_open(&options, &oidc, NULL) && oidc != NULL);
	oidc_free(oidc);
	g_unlink(path);
	g_rmdir(dir);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/oidc/good", test_good);
	g_test_add_func("/oidc/claims", test_claims);
	g_test_add_func("/oidc/algorithms", test_algorithms);
	g_test_add_func("/oidc/keys", test_keys);
	g_test_add_func("/oidc/mangled", test_mangled);
	g_test_add_func("/oidc/names", test_names);
	g_test_add_func("/oidc/config", test_config);
	return g_test_run();
}
