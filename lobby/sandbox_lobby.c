/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_lobby: see sandbox_lobby.h. */
#include "sandbox_lobby.h"

#include "confine.h"
#include "syscalls.h"

/* What text in any language and a layout in any country need; none of it is secret. */
static const LandlockPath readable[] = {
	{"/usr/share/fonts", LANDLOCK_READ},
	{"/usr/local/share/fonts", LANDLOCK_READ},
	{"/etc/fonts", LANDLOCK_READ},
	{"/usr/share/fontconfig", LANDLOCK_READ},
	{"/var/cache/fontconfig", LANDLOCK_READ},
	{"/usr/share/X11/xkb", LANDLOCK_READ},
};

gboolean sandbox_lobby(GError **error)
{
	return confine(readable, G_N_ELEMENTS(readable), syscalls_allow_painter, error);
}
