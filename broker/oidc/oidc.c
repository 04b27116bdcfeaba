/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oidc: see oidc.h. */
#include "oidc/oidc.h"

#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "oidc/idtoken.h"
#include "oidc/oidc_claims.h"
#include "oidc/oidc_provider.h"
#include "secret.h"

#define SECRET_MAX 4096
#define CODE_MAX   2048

struct Oidc {
	const Options *options;
	OidcProvider *provider;
	char *secret; /* the client's; NULL = a public client */
	char *base;   /* our own address, with a slash        */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* ---- what is configured */

static gboolean wrong(GError **error, const char *words)
{
	g_set_error(error, FAULT, FAULT_CONFIG, "[oidc] %s", words);
	return FALSE;
}

static gboolean read_secret(Oidc *oidc, const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	struct stat file;
	gsize n = 0;

	if (stat(path, &file) < 0) {
		fault_set_errno(error, FAULT_CONFIG, path);
		return FALSE;
	}
	if ((file.st_mode & 077) != 0 || file.st_size > SECRET_MAX)
		return wrong(error,
			     "client_secret_file must be short, and its owner's alone (0600)");
	if (!g_file_get_contents(path, &oidc->secret, &n, &why)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s", why->message);
		return FALSE;
	}
	g_strchomp(oidc->secret);
	return *oidc->secret ? TRUE : wrong(error, "client_secret_file is empty");
}

static gboolean set_up(Oidc *oidc, const Options *options, GError **error)
{
	if (!g_str_has_prefix(options->oidc_issuer, "https://"))
		return wrong(error, "issuer is an https:// address");
	if (*options->oidc_client_id == '\0')
		return wrong(error, "client_id is missing");
	if (*options->public_host == '\0')
		return wrong(error, "needs public_host in [broker]: people are sent back there");
	if (options->public_port == 443)
		oidc->base = g_strdup_printf("https://%s/", options->public_host);
	else
		oidc->base = g_strdup_printf("https://%s:%d/", options->public_host,
					     options->public_port);
	return *options->oidc_client_secret_file == '\0' ||
	       read_secret(oidc, options->oidc_client_secret_file, error);
}

gboolean oidc_open(const Options *options, Oidc **out, GError **error)
{
	Oidc *oidc;

	if (*options->oidc_issuer == '\0')
		return TRUE;
	oidc = g_new0(Oidc, 1);
	oidc->options = options;
	oidc->provider = oidc_provider_new(options->oidc_issuer,
					   *options->oidc_ca ? options->oidc_ca : NULL);
	if (!set_up(oidc, options, error)) {
		oidc_free(oidc);
		return FALSE;
	}
	*out = oidc;
	return TRUE;
}

void oidc_free(Oidc *oidc)
{
	if (oidc == NULL)
		return;
	secret_free(oidc->secret);
	g_free(oidc->base);
	oidc_provider_free(oidc->provider);
	g_free(oidc);
}

/* ---- one sign-in */

/* A value that only who has the secret can know; another one for each purpose. */
static char *derive(const char *secret, const char *purpose)
{
	autosecret char *both = g_strconcat(purpose, ":", secret, NULL);

	return secret_hash(both);
}

static char *challenge_of(const char *verifier)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize n = sizeof digest;
	char *text;

	g_checksum_update(sum, (const guint8 *)verifier, -1);
	g_checksum_get_digest(sum, digest, &n);
	text = g_base64_encode(digest, n);
	text[strcspn(text, "=")] = '\0';
	g_strdelimit(text, "+", '-');
	return g_strdelimit(text, "/", '_');
}

static char *return_address(const Oidc *oidc)
{
	return g_strconcat(oidc->base, "api/v1/oidc/return", NULL);
}

static char *with_query(const char *address, GString *query)
{
	g_autofree char *text = g_string_free(query, FALSE);

	return g_strconcat(address, strchr(address, '?') ? "&" : "?", text, NULL);
}

char *oidc_begin(Oidc *oidc, const char *secret, GError **error)
{
	g_autofree char *state = derive(secret, "state");
	g_autofree char *nonce = derive(secret, "nonce");
	autosecret char *verifier = derive(secret, "verifier");
	g_autofree char *challenge = challenge_of(verifier);
	g_autofree char *back = return_address(oidc);
	g_autofree char *scopes = g_strjoinv(" ", oidc->options->oidc_scopes);
	g_auto(OidcPlaces) places = {0};
	GString *query;

	if (!oidc_provider_look(oidc->provider, &places, error))
		return NULL;
	query = g_string_new(NULL);
	https_add(query, "response_type", "code");
	https_add(query, "client_id", oidc->options->oidc_client_id);
	https_add(query, "redirect_uri", back);
	https_add(query, "scope", scopes);
	https_add(query, "state", state);
	https_add(query, "nonce", nonce);
	https_add(query, "code_challenge", challenge);
	https_add(query, "code_challenge_method", "S256");
	return with_query(places.authorize, query);
}

/* The code for the tokens. */
static json_t *redeem(Oidc *oidc, const OidcPlaces *places, const char *secret, const char *code,
		      GError **error)
{
	const char *client = oidc->options->oidc_client_id;
	autosecret char *verifier = derive(secret, "verifier");
	g_autofree char *back = return_address(oidc);
	g_autofree char *user = g_uri_escape_string(client, NULL, FALSE);
	autosecret char *password = oidc->secret ? g_uri_escape_string(oidc->secret, NULL, FALSE)
						 : NULL;
	GString *form = g_string_new(NULL);
	HttpsQuestion question = {.url = places->token};
	json_t *answer;

	https_add(form, "grant_type", "authorization_code");
	https_add(form, "code", code);
	https_add(form, "redirect_uri", back);
	https_add(form, "code_verifier", verifier);
	if (oidc->secret && places->basic) {
		question.user = user;
		question.password = password;
	} else {
		https_add(form, "client_id", client);
		if (oidc->secret)
			https_add(form, "client_secret", oidc->secret);
	}
	question.form = form->str;
	answer = oidc_provider_ask(oidc->provider, &question, error);
	secret_wipe(form->str, form->len);
	g_string_free(form, TRUE);
	return answer;
}

/* An unknown key may be a new one: then the keys are asked for, once. */
static json_t *check(Oidc *oidc, const OidcPlaces *places, const char *token, const char *nonce,
		     GError **error)
{
	IdTokenWish wish = {
		.issuer = oidc->options->oidc_issuer,
		.client = oidc->options->oidc_client_id,
		.nonce = nonce,
		.now = g_get_real_time() / G_USEC_PER_SEC,
	};

	for (unsigned fresh = 0;; fresh++) {
		g_autoptr(json_t)
			keys = oidc_provider_keys(oidc->provider, places, fresh > 0, error);
		g_autoptr(GError) why = NULL;
		gboolean unknown = FALSE;
		json_t *claims = keys ? idtoken_check(token, keys, &wish, &unknown, &why) : NULL;

		if (claims != NULL || keys == NULL)
			return claims;
		if (!unknown || fresh > 0) {
			g_propagate_error(error, g_steal_pointer(&why));
			return NULL;
		}
	}
}

/* Some providers say names and groups only when asked for them with the access token. */
static gboolean complete(Oidc *oidc, const OidcPlaces *places, json_t *claims, const json_t *tokens,
			 GError **error)
{
	const Options *options = oidc->options;
	const char *access = json_string_value(json_object_get(tokens, "access_token"));
	HttpsQuestion question = {.url = places->userinfo, .bearer = access};
	g_autoptr(json_t) more = NULL;

	if (json_object_get(claims, options->oidc_user_claim) &&
	    json_object_get(claims, options->oidc_groups_claim))
		return TRUE;
	if (places->userinfo == NULL || access == NULL)
		return TRUE;
	more = oidc_provider_ask(oidc->provider, &question, error);
	if (more == NULL)
		return FALSE;
	if (!json_equal(json_object_get(more, "sub"), json_object_get(claims, "sub"))) {
		g_set_error(error, FAULT, FAULT_DENIED, "the provider speaks of somebody else");
		return FALSE;
	}
	/* What the token says stands. */
	return json_object_update_missing(claims, more) == 0;
}

static gboolean came_back_well(const Oidc *oidc, const char *secret, const OidcReturn *with,
			       GError **error)
{
	g_autofree char *state = derive(secret, "state");

	if (with->state == NULL || !secret_equal(with->state, state)) {
		g_set_error(error, FAULT, FAULT_DENIED,
			    "a sign-in that this browser did not begin");
		return FALSE;
	}
	/* Which of several providers answers, where it says so (RFC 9207). */
	if (with->issuer != NULL && !g_str_equal(with->issuer, oidc->options->oidc_issuer)) {
		g_set_error(error, FAULT, FAULT_DENIED, "an answer of another provider");
		return FALSE;
	}
	if (with->error != NULL || with->code == NULL || strlen(with->code) > CODE_MAX) {
		g_set_error(error, FAULT, FAULT_DENIED, "the provider did not sign them in");
		return FALSE;
	}
	return TRUE;
}

gboolean oidc_finish(Oidc *oidc, const char *secret, const OidcReturn *with, char **out_user,
		     char ***out_groups, GError **error)
{
	const Options *options = oidc->options;
	g_autofree char *nonce = derive(secret, "nonce");
	g_auto(OidcPlaces) places = {0};
	g_autoptr(json_t) tokens = NULL;
	g_autoptr(json_t) claims = NULL;
	const char *token;

	if (!came_back_well(oidc, secret, with, error) ||
	    !oidc_provider_look(oidc->provider, &places, error))
		return FALSE;
	tokens = redeem(oidc, &places, secret, with->code, error);
	if (tokens == NULL)
		return FALSE;
	token = json_string_value(json_object_get(tokens, "id_token"));
	claims = check(oidc, &places, token ? token : "", nonce, error);
	if (claims == NULL || !complete(oidc, &places, claims, tokens, error))
		return FALSE;
	*out_user = oidc_claims_user(claims, options->oidc_user_claim, error);
	if (*out_user == NULL)
		return FALSE;
	*out_groups = oidc_claims_groups(claims, options->oidc_groups_claim);
	return TRUE;
}

char *oidc_end(Oidc *oidc)
{
	g_auto(OidcPlaces) places = {0};
	GString *query;

	if (!oidc_provider_look(oidc->provider, &places, NULL) || places.logout == NULL)
		return NULL;
	query = g_string_new(NULL);
	https_add(query, "client_id", oidc->options->oidc_client_id);
	https_add(query, "post_logout_redirect_uri", oidc->base);
	return with_query(places.logout, query);
}
