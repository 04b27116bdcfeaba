/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ticket: from a click to a desktop that waits for its viewer. */
#pragma once

#include "core_parts.h"

/* The id (g_free) of the person's card of that name, pool or id; wanted NULL or "": the one used
 * last, else the first. FAULT_NOT_FOUND. */
char *ticket_card(Core *core, const Who *who, const char *wanted, GError **error);

/* Assigns a desktop of this card and starts it; *out_id (g_free) is held for the person, for a
 * while. Errors as core_connect(). */
gboolean ticket_prepare(Core *core, const Who *who, const char *card, const char *protocol,
			char **out_id, GError **error);
