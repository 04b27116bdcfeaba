/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idtoken: is this ID token (OpenID Connect Core 1.0, 3.1.3.7) genuine, and for us, now, and for
 * this sign-in? Signatures are libjose's; which algorithms and keys may make one is decided here.
 * No network, no clock.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#define IDTOKEN_MAX 65536

typedef struct {
	const char *issuer;
	const char *client;
	const char *nonce;
	gint64 now; /* s since 1970 */
} IdTokenWish;

/*
 * The claims (json_decref() them), or NULL with FAULT_DENIED. keys: a JWK set. *out_unknown_key is
 * true if it is signed by a key that the set does not have: it may have been renewed since.
 */
json_t *idtoken_check(const char *token, const json_t *keys, const IdTokenWish *wish,
		      gboolean *out_unknown_key, GError **error);
