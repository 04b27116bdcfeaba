/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guard: who is asking, and did their own page ask? Runs before every handler.
 *
 * A token comes as "Authorization: Bearer" (programs) or as the cookie __Host-oriel (browsers).
 * A browser sends its cookie along whatever page made the request; so what changes something and
 * is known by its cookie must also show that our own page made it: the header X-Oriel-CSRF (another
 * site cannot set it without asking us first, and we never allow it), and Origin and
 * Sec-Fetch-Site, where the browser sends them, must name us.
 */
#pragma once

#include "request.h"

#define GUARD_COOKIE     "__Host-oriel"
#define GUARD_COOKIE_PVE "PVEAuthCookie" /* on /api2 alone; no browser is ever given it */

/* True if the handler may run; request->who is then set, if there is a login. Else the reply is
 * ready (401, 403 or what the token's check failed with). Blocks (database). */
gboolean guard_admit(Request *request);

/* A Set-Cookie value for a token; token NULL = forget it. secret_free() it. */
char *guard_cookie(const char *token);

/* The value of one cookie from a Cookie header, NULL if absent or there twice. secret_free() it. */
char *guard_cookie_value(const char *header, const char *name);

/* True if an Origin header names the same place as a Host header. */
gboolean guard_same_origin(const char *origin, const char *host);
