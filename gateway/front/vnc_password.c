/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_password: see vnc_password.h. */
#include "front/vnc_password.h"

#include <string.h>

#include "fault.h"
#include "secret.h"

#define LONGEST 256 /* bytes of the file; eight of them count */

gboolean vnc_password_read(const Options *options, char **out, GError **error)
{
	g_autoptr(GError) why = NULL;
	autosecret char *text = NULL;

	*out = NULL;
	if (*options->vnc_password == '\0')
		return TRUE;
	if (!g_file_get_contents(options->vnc_password, &text, NULL, &why)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "vnc_password: %s", why->message);
		return FALSE;
	}
	g_strchomp(text);
	if (*text == '\0' || strlen(text) > LONGEST || !options->vnc_lobby) {
		g_set_error(error, FAULT, FAULT_CONFIG, "vnc_password: %s",
			    options->vnc_lobby ? "the file has no short line with a password"
					       : "without vnc_lobby there is no login screen");
		return FALSE;
	}
	*out = g_steal_pointer(&text);
	return TRUE;
}
