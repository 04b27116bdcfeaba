/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oidc: signing in to the portal at an OpenID provider (authorization code with PKCE), for sites
 * that have one; [oidc] in oriel.conf(5). The provider is asked over HTTPS: what it can do
 * (discovery, kept for an hour), its keys (asked again when a token is signed by a new one), and
 * the token of a sign-in.
 *
 * What belongs to one sign-in is in the browser's cookie alone: a secret from which state, nonce
 * and PKCE verifier are derived. So any of several brokers can finish what another has begun, and
 * nothing is kept for those who never come back.
 *
 * Calls block; thread-safe.
 */
#pragma once

#include "options.h"

typedef struct Oidc Oidc;

/* *out stays NULL if none is configured. FAULT_CONFIG; the client's secret must be readable for its
 * owner alone. Borrows the options. */
gboolean oidc_open(const Options *options, Oidc **out, GError **error);
void oidc_free(Oidc *oidc); /* accepts NULL */

/* Where the person goes to sign in; g_free() it. secret: secret_generate(), to come back
 * with them. */
char *oidc_begin(Oidc *oidc, const char *secret, GError **error);

/* What they came back with; NULL = absent. */
typedef struct {
	const char *code; /* secret */
	const char *state;
	const char *issuer;
	const char *error;
} OidcReturn;

/* Who it is: g_free() and g_strfreev(). FAULT_DENIED; FAULT_BROKER or FAULT_TIMEOUT if the provider
 * is away; FAULT_BUSY. */
gboolean oidc_finish(Oidc *oidc, const char *secret, const OidcReturn *with, char **out_user,
		     char ***out_groups, GError **error);

/* Where the person signs out at the provider, too; NULL if it has no such place, or has not said.
 * g_free() it. */
char *oidc_end(Oidc *oidc);
