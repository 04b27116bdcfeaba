/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rounds: a thread that does the same work again and again: when the last round said that it is
 * due, and sooner when somebody wakes it. Who owns the work owns the rounds.
 */
#pragma once

#include <glib.h>

typedef struct Rounds Rounds;

/* One round, on the thread and under no lock. Returns when the next is due (monotonic). */
typedef gint64 (*RoundsWork)(gpointer owner);

/* rest: who wakes it waits so many times as long as the last round took, from its end; 0 = not at
 * all. `name` is not copied. */
Rounds *rounds_new(const char *name, RoundsWork work, unsigned rest, gpointer owner);
void rounds_free(Rounds *rounds); /* must not run; accepts NULL */

/* Begins with a round. */
void rounds_start(Rounds *rounds);
/* Another round, also if it is told before the start or during one. */
void rounds_wake(Rounds *rounds);
/* No further round: a long one asks rounds_stopping(). */
void rounds_quit(Rounds *rounds);
gboolean rounds_stopping(Rounds *rounds);
/* Quits, and waits for the round under way. FALSE: it did not run. */
gboolean rounds_stop(Rounds *rounds);
