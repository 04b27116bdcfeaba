/* SPDX-License-Identifier: GPL-3.0-or-later */
/* form: see form.h. */
#include "form.h"

#include <string.h>

#include "secret.h"

static char *decode(const char *text, gsize n)
{
	autosecret char *plain = secret_ndup(text, n);
	autosecret char *decoded = NULL;

	for (char *c = plain; *c != '\0'; c++)
		*c = *c == '+' ? ' ' : *c;
	decoded = g_uri_unescape_string(plain, NULL);
	return decoded && g_utf8_validate(decoded, -1, NULL) ? secret_dup(decoded) : NULL;
}

char *form_field(const void *body, gsize n, const char *name)
{
	autosecret char *text = secret_ndup(n > 0 ? body : "", n);
	gsize length = strlen(name);

	for (const char *at = text; *at != '\0';) {
		const char *end = strchrnul(at, '&');

		if (strncmp(at, name, length) == 0 && at[length] == '=')
			return decode(at + length + 1, (gsize)(end - at) - length - 1);
		at = *end == '&' ? end + 1 : end;
	}
	return NULL;
}
