/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_input: when the person of a session last moved a key or the pointer. A table of its own:
 * who watches the sessions for changes is not woken by every move of a mouse. */
#pragma once

#include "db.h"

/* It never goes back. at: s since 1970; round_trip: of their line then, us; 0 = as it was known. */
gboolean store_input_put(Db *db, const char *session, gint64 at, guint64 round_trip,
			 GError **error);
/* Forgets those of sessions that have ended. */
gboolean store_input_clean(Db *db, GError **error);
