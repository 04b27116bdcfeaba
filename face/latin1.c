/* SPDX-License-Identifier: GPL-3.0-or-later */
/* latin1: see latin1.h. */
#include "latin1.h"

char *latin1_decode(const char *bytes, gsize n)
{
	GString *utf8 = g_string_sized_new(n);

	for (gsize i = 0; i < n && bytes[i] != '\0'; i++)
		g_string_append_unichar(utf8, (guchar)bytes[i]);
	return g_string_free(utf8, FALSE);
}

GString *latin1_encode(const char *utf8)
{
	GString *latin1 = g_string_new(NULL);

	for (const char *at = utf8; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		g_string_append_c(latin1, c <= 0xff ? (char)c : '?');
	}
	return latin1;
}
