/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lines of a request that say whose it is and for what: path, Cookie, Origin, Host. A path
 * belongs to a row of the real table or to none; its words are text.
 */
#include "guard.h"
#include "route.h"

#include <string.h>

#include "secret.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void route(const char *method, const char *path)
{
	g_autoptr(Request) request = request_new(NULL, FALSE, "192.0.2.1", method, path);
	g_autofree char *allow = NULL;
	RouteResult result = route_match(routes, n_routes, request, &allow);

	g_assert((result == ROUTE_FOUND) == (request->route != NULL));
	g_assert((result == ROUTE_UNKNOWN_METHOD) == (allow != NULL));
	for (gsize i = 0; result == ROUTE_FOUND && i < G_N_ELEMENTS(request->args); i++)
		g_assert(request->args[i] == NULL || g_utf8_validate(request->args[i], -1, NULL));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
	g_auto(GStrv) lines = g_strsplit(text, "\n", 5);
	autosecret char *cookie = NULL;
	g_autofree char *own = NULL;

	if (g_strv_length(lines) < 5)
		return 0;
	route(lines[0], lines[1]);
	cookie = guard_cookie_value(lines[2], GUARD_COOKIE);
	g_assert(cookie == NULL || (strchr(cookie, ';') == NULL && strstr(lines[2], cookie)));
	guard_same_origin(lines[3], lines[4]);
	own = g_strconcat("https://", lines[4], NULL);
	g_assert(guard_same_origin(own, lines[4]));
	return 0;
}
