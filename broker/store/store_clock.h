/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_clock: the times of what is under way, when the clock was put right. */
#pragma once

#include "db.h"

/* Live sessions, and desktops that are held or have a step before them, all of this broker (NULL =
 * whichever it was) and, with `shared`, the desktops that any broker reaches: so many
 * seconds later. */
gboolean store_clock_shift(Db *db, const char *broker, gboolean shared, gint64 seconds,
			   GError **error);
