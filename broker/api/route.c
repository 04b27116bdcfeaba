/* SPDX-License-Identifier: GPL-3.0-or-later */
/* route: see route.h. */
#include "route.h"

#include <string.h>

/* Matches segment by segment. Escapes are decoded only after the cut at '/', so that an escaped
 * slash can never move a border; an empty or undecodable {word} does not match. */
static gboolean match(const char *pattern, const char *path, char *args[2])
{
	g_auto(GStrv) want = g_strsplit(pattern, "/", -1);
	g_auto(GStrv) have = g_strsplit(path, "/", -1);
	unsigned n = 0;

	if (g_strv_length(want) != g_strv_length(have))
		return FALSE;
	for (unsigned i = 0; want[i] != NULL; i++) {
		g_autofree char *word = NULL;

		if (want[i][0] != '{') {
			if (!g_str_equal(want[i], have[i]))
				return FALSE;
			continue;
		}
		word = g_uri_unescape_string(have[i], "/");
		if (word == NULL || *word == '\0' || !g_utf8_validate(word, -1, NULL))
			return FALSE;
		g_assert(n < 2);
		g_free(args[n]);
		args[n++] = g_steal_pointer(&word);
	}
	return TRUE;
}

RouteResult route_match(const Route *table, unsigned n, Request *request, char **out_allow)
{
	g_autoptr(GString) allow = g_string_new(NULL);

	for (unsigned i = 0; i < n; i++) {
		if (!match(table[i].pattern, request->path, request->args))
			continue;
		if (g_str_equal(table[i].method, request->method)) {
			request->route = &table[i];
			return ROUTE_FOUND;
		}
		g_string_append_printf(allow, "%s%s", allow->len ? ", " : "", table[i].method);
	}
	if (allow->len == 0)
		return ROUTE_UNKNOWN_PATH;
	*out_allow = g_string_free(g_steal_pointer(&allow), FALSE);
	return ROUTE_UNKNOWN_METHOD;
}
