/* SPDX-License-Identifier: GPL-3.0-or-later */
/* guard: see guard.h. */
#include "guard.h"

#include <string.h>

#include "route.h"
#include "secret.h"
#include "services.h"

char *guard_cookie(const char *token)
{
	return g_strconcat(GUARD_COOKIE "=", token ? token : "",
			   "; Path=/; Secure; HttpOnly; SameSite=Strict",
			   token ? NULL : "; Max-Age=0", NULL);
}

char *guard_cookie_value(const char *header, const char *name)
{
	autosecret char *found = NULL;
	gsize length = strlen(name);

	while (header != NULL && *header != '\0') {
		const char *end = strchrnul(header, ';');

		while (*header == ' ' || *header == '\t')
			header++;
		if (strncmp(header, name, length) == 0 && header[length] == '=') {
			if (found != NULL)
				return NULL;
			header += length + 1;
			found = secret_ndup(header, (gsize)(end - header));
		}
		header = *end == ';' ? end + 1 : end;
	}
	return g_steal_pointer(&found);
}

gboolean guard_same_origin(const char *origin, const char *host)
{
	gsize length;

	if (host == NULL || g_ascii_strncasecmp(origin, "https://", 8) != 0)
		return FALSE;
	origin += 8;
	length = strlen(host);
	/* Browsers leave out the default port in both; others may say it in one. */
	if (g_str_has_suffix(host, ":443"))
		length -= 4;
	if (g_ascii_strncasecmp(origin, host, length) != 0)
		return FALSE;
	return origin[length] == '\0' || g_str_equal(origin + length, ":443");
}

/* Launchers for Proxmox VE have names of their own for the two. */
static gboolean is_pve(const Route *route)
{
	return g_str_has_prefix(route->pattern, "/api2/");
}

/* The token, from the header that programs use or else from the cookie. */
static char *find_token(Request *request)
{
	const char *authorization = request->header[HEADER_AUTHORIZATION];

	if (authorization != NULL) {
		if (g_ascii_strncasecmp(authorization, "Bearer ", 7) != 0)
			return NULL;
		return secret_dup(authorization + 7);
	}
	request->by_cookie = TRUE;
	return guard_cookie_value(request->header[HEADER_COOKIE],
				  is_pve(request->route) ? GUARD_COOKIE_PVE : GUARD_COOKIE);
}

static gboolean is_safe(const char *method)
{
	return g_str_equal(method, "GET") || g_str_equal(method, "HEAD");
}

/* Did our own page make it, as far as the browser tells? */
static gboolean from_own_page(Request *request)
{
	const char *site = request->header[HEADER_FETCH_SITE];
	const char *origin = request->header[HEADER_ORIGIN];

	if (site != NULL && !g_str_equal(site, "same-origin") && !g_str_equal(site, "none"))
		return FALSE;
	return origin == NULL || guard_same_origin(origin, request->header[HEADER_HOST]);
}

static gboolean refuse(Request *request, unsigned status, const char *code, const char *words,
		       const char *cause)
{
	reply_refuse(request, status, code, words);
	if (cause != NULL)
		request->reply.cause = g_error_new_literal(FAULT, FAULT_DENIED, cause);
	return FALSE;
}

static gboolean identify(Request *request)
{
	autosecret char *token = find_token(request);
	g_autoptr(GError) error = NULL;

	if (token == NULL || *token == '\0')
		return refuse(request, 401, "denied", "Please log in.", NULL);
	request->who = core_who(request->services->core, token, &error);
	if (request->who != NULL)
		return TRUE;
	if (g_error_matches(error, FAULT, FAULT_DENIED))
		return refuse(request, 401, "denied", "Your login has ended. Please log in again.",
			      NULL);
	reply_fault(request, g_steal_pointer(&error));
	return FALSE;
}

gboolean guard_admit(Request *request)
{
	const Route *route = request->route;
	gboolean changes = !is_safe(route->method);

	if (request->admin_socket) {
		if (route->may != MAY_USER)
			return TRUE;
		return refuse(
			request, 403, "denied",
			"This call belongs to a person; the admin socket has the /admin calls.",
			NULL);
	}
	/* Nobody else's page may log a browser in, either (and there is no cookie yet to tell). */
	if ((changes || route->guarded) && request->header[HEADER_AUTHORIZATION] == NULL &&
	    !from_own_page(request))
		return refuse(request, 403, "denied", "This request came from another site.",
			      "another site's page made the request");
	if (route->may == MAY_ANYONE)
		return TRUE;
	if (!identify(request))
		return FALSE;
	if (changes && request->by_cookie &&
	    request->header[is_pve(route) ? HEADER_CSRF_PVE : HEADER_CSRF] == NULL)
		return refuse(request, 403, "denied", "The header X-Oriel-CSRF is missing.",
			      "no X-Oriel-CSRF header");
	if (route->may == MAY_ADMIN && !request->who->admin)
		return refuse(request, 403, "denied", "This is for administrators.",
			      "not an administrator");
	return TRUE;
}
