/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine_address: see machine_address.h. */
#include "machine/machine_address.h"

#include <string.h>

#include "fault.h"

#define HOST_MAX 253 /* RFC 1035, in text */
#define USER_MAX 256

/* "[v6]" loses its brackets; a bare v6 address would be taken for something else: refused. */
static char *host_part(const char *text, gsize n)
{
	if (n > 2 && text[0] == '[' && text[n - 1] == ']')
		return g_strndup(text + 1, n - 2);
	if (n == 0 || n > HOST_MAX || strcspn(text, ":[] /") < n)
		return NULL;
	return g_strndup(text, n);
}

gboolean machine_address_parse(const char *text, MachineAddress *out, GError **error)
{
	const char *at = text ? strrchr(text, '@') : NULL;
	const char *begin = at ? at + 1 : text;
	const char *colon = text ? strrchr(begin, ':') : NULL;
	gsize user = at ? (gsize)(at - text) : 0;
	g_autofree char *host = NULL;
	guint64 port = 0;

	if (text && g_str_has_prefix(text, "unix:/")) {
		*out = (MachineAddress){.path = g_strdup(text + strlen("unix:"))};
		return TRUE;
	}
	if (colon)
		host = host_part(begin, (gsize)(colon - begin));
	if (!host || (at && (user == 0 || user > USER_MAX)) ||
	    !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL)) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "%s: want [USER@]HOST:PORT, [USER@][ADDRESS]:PORT or unix:/PATH",
			    text ? text : "(none)");
		return FALSE;
	}
	*out = (MachineAddress){.host = g_steal_pointer(&host),
				.port = (guint16)port,
				.user = at ? g_strndup(text, user) : NULL};
	return TRUE;
}

void machine_address_clear(MachineAddress *address)
{
	g_free(address->path);
	g_free(address->host);
	g_free(address->user);
	*address = (MachineAddress){0};
}
