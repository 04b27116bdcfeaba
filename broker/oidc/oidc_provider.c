/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oidc_provider: see oidc_provider.h. */
#include "oidc/oidc_provider.h"

#include <stdlib.h>
#include <string.h>

#include "fault.h"

#define KEPT_US       (3600 * G_TIME_SPAN_SECOND) /* what the provider can do, and its keys */
#define AWAY_US       (5 * G_TIME_SPAN_SECOND)    /* it is not asked again so soon          */
#define UNDER_WAY_MAX 16                          /* threads that it may hold up            */

struct OidcProvider {
	const char *issuer, *ca;
	GMutex lock; /* of all below */
	OidcPlaces places;
	char *keys; /* as JSON; NULL = not asked yet */
	gint64 known_until, away_until;
	unsigned under_way;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

void oidc_places_clear(OidcPlaces *places)
{
	g_free(places->authorize);
	g_free(places->token);
	g_free(places->keys);
	g_free(places->userinfo);
	g_free(places->logout);
	memset(places, 0, sizeof *places);
}

static void places_copy(const OidcPlaces *from, OidcPlaces *to)
{
	to->authorize = g_strdup(from->authorize);
	to->token = g_strdup(from->token);
	to->keys = g_strdup(from->keys);
	to->userinfo = g_strdup(from->userinfo);
	to->logout = g_strdup(from->logout);
	to->basic = from->basic;
}

OidcProvider *oidc_provider_new(const char *issuer, const char *ca)
{
	OidcProvider *provider = g_new0(OidcProvider, 1);

	https_init();
	provider->issuer = issuer;
	provider->ca = ca;
	g_mutex_init(&provider->lock);
	return provider;
}

void oidc_provider_free(OidcProvider *provider)
{
	if (provider == NULL)
		return;
	oidc_places_clear(&provider->places);
	free(provider->keys);
	g_mutex_clear(&provider->lock);
	g_free(provider);
}

/* However slow it is, it holds up no more threads than this: others want to log in by PAM. */
json_t *oidc_provider_ask(OidcProvider *provider, HttpsQuestion *question, GError **error)
{
	json_t *answer = NULL;
	gboolean room;

	g_mutex_lock(&provider->lock);
	room = provider->under_way < UNDER_WAY_MAX;
	provider->under_way += room;
	g_mutex_unlock(&provider->lock);
	if (!room) {
		g_set_error(error, FAULT, FAULT_BUSY, "too many sign-ins are under way");
		return NULL;
	}
	question->ca = provider->ca;
	answer = https_ask(question, error);
	g_mutex_lock(&provider->lock);
	provider->under_way--;
	g_mutex_unlock(&provider->lock);
	return answer;
}

/* NULL if it is not there or no https:// address. */
static char *address_of(const json_t *metadata, const char *key)
{
	const char *address = json_string_value(json_object_get(metadata, key));

	return address && g_str_has_prefix(address, "https://") ? g_strdup(address) : NULL;
}

/* Without a word about it, HTTP basic is what there is (Discovery 1.0, 3). */
static gboolean wants_basic(const json_t *metadata)
{
	const json_t *methods = json_object_get(metadata, "token_endpoint_auth_methods_supported");
	json_t *method;
	size_t i;

	json_array_foreach (methods, i, method) {
		if (g_strcmp0(json_string_value(method), "client_secret_basic") == 0)
			return TRUE;
	}
	return methods == NULL;
}

static gboolean read_metadata(const OidcProvider *provider, const json_t *metadata, OidcPlaces *out,
			      GError **error)
{
	const char *issuer = json_string_value(json_object_get(metadata, "issuer"));

	out->authorize = address_of(metadata, "authorization_endpoint");
	out->token = address_of(metadata, "token_endpoint");
	out->keys = address_of(metadata, "jwks_uri");
	out->userinfo = address_of(metadata, "userinfo_endpoint");
	out->logout = address_of(metadata, "end_session_endpoint");
	out->basic = wants_basic(metadata);
	if (g_strcmp0(issuer, provider->issuer) == 0 && out->authorize && out->token && out->keys)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CONFIG,
		    "the OpenID provider says that it is another, or lacks an address");
	return FALSE;
}

static gboolean discover(OidcProvider *provider, OidcPlaces *out, GError **error)
{
	const char *issuer = provider->issuer;
	g_autofree char *url = g_strconcat(issuer, g_str_has_suffix(issuer, "/") ? "" : "/",
					   ".well-known/openid-configuration", NULL);
	HttpsQuestion question = {.url = url};
	g_autoptr(json_t) metadata = oidc_provider_ask(provider, &question, error);
	gboolean good = metadata && read_metadata(provider, metadata, out, error);

	g_mutex_lock(&provider->lock);
	if (good) {
		oidc_places_clear(&provider->places);
		places_copy(out, &provider->places);
		free(provider->keys);
		provider->keys = NULL;
		provider->known_until = g_get_monotonic_time() + KEPT_US;
	} else {
		provider->away_until = g_get_monotonic_time() + AWAY_US;
	}
	g_mutex_unlock(&provider->lock);
	return good;
}

gboolean oidc_provider_look(OidcProvider *provider, OidcPlaces *out, GError **error)
{
	gint64 now = g_get_monotonic_time();
	gboolean known, away;

	g_mutex_lock(&provider->lock);
	known = provider->places.token != NULL && now < provider->known_until;
	away = now < provider->away_until;
	if (known)
		places_copy(&provider->places, out);
	g_mutex_unlock(&provider->lock);
	if (known)
		return TRUE;
	if (!away)
		return discover(provider, out, error);
	g_set_error(error, FAULT, FAULT_BROKER, "the OpenID provider was away a moment ago");
	return FALSE;
}

/* The provider's keys: those at hand, or fresh ones. */
json_t *oidc_provider_keys(OidcProvider *provider, const OidcPlaces *places, gboolean fresh,
			   GError **error)
{
	HttpsQuestion question = {.url = places->keys};
	g_autofree char *kept = NULL;
	json_t *keys;

	g_mutex_lock(&provider->lock);
	kept = fresh ? NULL : g_strdup(provider->keys);
	g_mutex_unlock(&provider->lock);
	if (kept != NULL)
		return json_loads(kept, 0, NULL);
	keys = oidc_provider_ask(provider, &question, error);
	if (keys == NULL)
		return NULL;
	g_mutex_lock(&provider->lock);
	free(provider->keys);
	provider->keys = json_dumps(keys, JSON_COMPACT);
	g_mutex_unlock(&provider->lock);
	return keys;
}
