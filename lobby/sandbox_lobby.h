/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_lobby: what oriel-lobby gives up before it reads the first byte of its client: every
 * file but fonts and keyboard layouts, to read; every socket but those that it has. */
#pragma once

#include <glib.h>

/* For good. FALSE: not everything was given up, and the lobby must not go on. */
gboolean sandbox_lobby(GError **error);
