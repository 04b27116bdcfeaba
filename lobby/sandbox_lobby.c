/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_lobby: see sandbox_lobby.h. */
#include "sandbox_lobby.h"

#include "autofd.h"
#include "landlock.h"
#include "rights.h"
#include "syscalls.h"

/* What text in any language and a layout in any country need; none of it is secret. */
static const char *const readable[] = {
	"/usr/share/fonts",      "/usr/local/share/fonts", "/etc/fonts",
	"/usr/share/fontconfig", "/var/cache/fontconfig",  "/usr/share/X11/xkb",
};

gboolean sandbox_lobby(GError **error)
{
	autofd int rules = -1;

	if (!rights_freeze(error) || !rights_drop_capabilities(error))
		return FALSE;
	if (SANDBOX_OPEN)
		return TRUE;
	if (!landlock_new(0, &rules, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(readable); i++)
		if (!landlock_allow(rules, readable[i], LANDLOCK_READ, error))
			return FALSE;
	return landlock_enter(rules, error) && syscalls_allow_painter(error);
}
