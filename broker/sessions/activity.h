/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * activity: when the person of each session last moved a key or the pointer, as the gateways tell.
 * Gathered in memory and written to the store together, so that thousands of busy sessions are one
 * transaction every few seconds; every broker reads it there. What the store cannot take yet stays
 * in memory: a time for each session, so that nobody is idle because the database was away.
 */
#pragma once

#include "core_parts.h"

Activity *activity_new(void);
void activity_free(Activity *activity);

/* ACTIVE: it was so many milliseconds ago, over a line of that round trip (us; 0 = not known). A
 * lease that nobody knows does no harm. */
void activity_note(Core *core, const char *lease, guint64 milliseconds, guint64 round_trip);
/* When it was last, s since 1970 where it is `now`, as far as that is not written yet; 0 = nothing
 * is known here. */
gint64 activity_unwritten(Core *core, const char *lease, gint64 now);
/* Writes what was gathered if it is time; *due comes down to when it will be (monotonic, us). now:
 * s since 1970. */
void activity_write(Core *core, gint64 now, gint64 *due);
