/* SPDX-License-Identifier: GPL-3.0-or-later */
/* printable: see printable.h. */
#include "printable.h"

#include <glib.h>

char *printable_text(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *safe = g_string_new(NULL);

	for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		g_string_append_unichar(safe, g_unichar_isprint(c) ? c : '?');
	}
	return g_string_free(safe, FALSE);
}

char *printable_json(const char *json)
{
	GString *safe = g_string_new(NULL);

	for (const char *at = json; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		/* In a text it stands by its number already. */
		if (g_unichar_isprint(c) || c == '\n')
			g_string_append_unichar(safe, c);
		else if (c < 0x10000)
			g_string_append_printf(safe, "\\u%04x", c);
		else
			g_string_append_printf(safe, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
					       0xdc00 + (c & 0x3ff));
	}
	return g_string_free(safe, FALSE);
}
