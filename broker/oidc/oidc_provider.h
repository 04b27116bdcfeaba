/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oidc_provider: what the configured OpenID provider says of itself (Discovery 1.0): where it is
 * asked for what, and its keys. Both are kept for an hour; keys are asked for again when a token is
 * signed by one that is not among them. However slow it is, it holds up a bounded number of
 * threads. Thread-safe.
 */
#pragma once

#include "oidc/https.h"

typedef struct OidcProvider OidcProvider;

typedef struct {
	char *authorize, *token, *keys;
	char *userinfo, *logout; /* NULL = none                      */
	gboolean basic;          /* how it wants the client's secret */
} OidcPlaces;
void oidc_places_clear(OidcPlaces *places);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OidcPlaces, oidc_places_clear)

/* Borrows both; ca NULL = the system's store. Asks nothing yet. */
OidcProvider *oidc_provider_new(const char *issuer, const char *ca);
void oidc_provider_free(OidcProvider *provider); /* accepts NULL */

/* Fills *out (zeroed). FAULT_CONFIG if it says that it is another; else as https_ask(). */
gboolean oidc_provider_look(OidcProvider *provider, OidcPlaces *out, GError **error);
/* A JWK set (json_decref() it). fresh: not those at hand. */
json_t *oidc_provider_keys(OidcProvider *provider, const OidcPlaces *places, gboolean fresh,
			   GError **error);
/* https_ask() with its CA, or FAULT_BUSY. */
json_t *oidc_provider_ask(OidcProvider *provider, HttpsQuestion *question, GError **error);
