/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock: the books have times of day. Where the machine's clock is put right by minutes or hours
 * (one that began to run with a wrong time, a virtual machine that stood still), what is under way
 * and what is yet to come goes with it: nobody's session has lasted too long for that, or was idle,
 * and no desktop is kept for an hour more. What slowly drifts stays as it is, and so do logins and
 * tickets, which are good until a time and no longer.
 */
#pragma once

#include "core_parts.h"

typedef struct {
	gint64 apart; /* us: the time of day and how long the machine runs; 0 = not looked yet */
} Clock;

/* Looks whether it was put right since the last time, and sees to the books then. *out_now: the
 * time for which they are right, s since 1970; it may be put right again the next moment. */
gboolean clock_follow(Core *core, Clock *clock, gint64 *out_now, GError **error);
