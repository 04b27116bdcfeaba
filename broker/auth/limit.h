/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limit: how often somebody may be wrong. Refused logins are counted per place and per user
 * name; beyond a few, each further one doubles the wait. Counts fade with time and live in memory
 * only, in a bounded table. The web page and native viewers share them. Attempts under way are bounded too, so that a burst cannot slip
 * through before its first refusal is known.
 *
 * A user name's wait is kept short: it slows a guesser who owns many addresses, but must not let
 * a stranger lock somebody out for long.
 */
#pragma once

#include <glib.h>

typedef struct Limit Limit;

/* What counts as one place: an IPv4 address, or the /64 that an IPv6 site has at least. g_free()
 * it. */
char *limit_place(const char *peer);

Limit *limit_new(void);
void limit_free(Limit *limit);

/* now: ms of a clock that never goes back. Returns 0 and counts the attempt as under way, or the
 * seconds to wait (at least 1). Each attempt that was let in ends with one limit_end(). */
unsigned limit_begin(Limit *limit, const char *peer, const char *user, gint64 now);

typedef enum { LIMIT_ACCEPTED, LIMIT_REFUSED, LIMIT_UNDECIDED } LimitVerdict;
void limit_end(Limit *limit, const char *peer, const char *user, LimitVerdict verdict, gint64 now);
