/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vv: see vv.h. Written by hand, since GKeyFile would leave copies of the ticket behind. */
#include "vv.h"

#include <string.h>

static void append_escaped(GString *text, const char *value)
{
	for (const char *c = value; *c != '\0'; c++) {
		switch (*c) {
		case '\n': g_string_append(text, "\\n"); break;
		case '\r': g_string_append(text, "\\r"); break;
		case '\t': g_string_append(text, "\\t"); break;
		case '\\': g_string_append(text, "\\\\"); break;
		case ' ': g_string_append(text, c == value ? "\\s" : " "); break;
		default: g_string_append_c(text, *c); break;
		}
	}
}

static void append(GString *text, const char *key, const char *value)
{
	g_string_append_printf(text, "%s=", key);
	append_escaped(text, value);
	g_string_append_c(text, '\n');
}

char *vv_write(const Vv *vv)
{
	/* Room for all of it at once, so that the text never moves. */
	GString *text = g_string_sized_new(1024 + 2 * (strlen(vv->host) + strlen(vv->ticket) +
						       strlen(vv->desktop) +
						       (vv->ca ? strlen(vv->ca) : 0)));
	g_autofree char *title = g_strdup_printf("%s - Shift+F12 releases the mouse", vv->desktop);

	g_string_append(text, "[virt-viewer]\ntype=spice\n");
	append(text, "host", vv->host);
	g_string_append_printf(text, "tls-port=%d\n", vv->port);
	append(text, "username", "ticket");
	append(text, "password", vv->ticket);
	if (vv->ca != NULL)
		append(text, "ca", vv->ca);
	append(text, "title", title);
	g_string_append(
		text,
		"delete-this-file=1\n"
		"secure-channels=main;inputs;cursor;playback;record;display;usbredir;smartcard\n"
		"toggle-fullscreen=shift+f11\n"
		"release-cursor=shift+f12\n"
		"secure-attention=ctrl+alt+end\n");
	return g_string_free(text, FALSE);
}
