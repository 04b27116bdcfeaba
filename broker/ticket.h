/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ticket: from a click to a desktop that waits for its viewer. */
#pragma once

#include "core_parts.h"

/* Assigns a desktop of this card and starts it; *out_id (g_free) is held for the person, for a
 * while. Errors as core_connect(). */
gboolean ticket_prepare(Core *core, const Who *who, const char *card, const char *protocol,
	char **out_id, GError **error);
