/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rounds: see rounds.h. */
#include "rounds.h"

struct Rounds {
	const char *name;
	RoundsWork work;
	unsigned rest;
	gpointer owner;
	GThread *thread;

	GMutex lock; /* of all below */
	GCond changed;
	gboolean woken, stopping;
};

static gpointer run(gpointer data)
{
	Rounds *rounds = data;
	gint64 due = 0, rested = 0;

	g_mutex_lock(&rounds->lock);
	while (!rounds->stopping) {
		gint64 until = rounds->woken ? rested : due;
		gint64 begin = g_get_monotonic_time();

		if (begin < until) {
			g_cond_wait_until(&rounds->changed, &rounds->lock, until);
			continue;
		}
		rounds->woken = FALSE;
		g_mutex_unlock(&rounds->lock);
		due = rounds->work(rounds->owner);
		rested = g_get_monotonic_time();
		rested += rounds->rest * (rested - begin);
		g_mutex_lock(&rounds->lock);
	}
	g_mutex_unlock(&rounds->lock);
	return NULL;
}

Rounds *rounds_new(const char *name, RoundsWork work, unsigned rest, gpointer owner)
{
	Rounds *rounds = g_new0(Rounds, 1);

	rounds->name = name;
	rounds->work = work;
	rounds->rest = rest;
	rounds->owner = owner;
	g_mutex_init(&rounds->lock);
	g_cond_init(&rounds->changed);
	return rounds;
}

void rounds_free(Rounds *rounds)
{
	if (!rounds)
		return;
	g_assert(!rounds->thread);
	g_mutex_clear(&rounds->lock);
	g_cond_clear(&rounds->changed);
	g_free(rounds);
}

void rounds_start(Rounds *rounds)
{
	rounds->thread = g_thread_new(rounds->name, run, rounds);
}

static void tell(Rounds *rounds, gboolean *what)
{
	g_mutex_lock(&rounds->lock);
	*what = TRUE;
	g_cond_signal(&rounds->changed);
	g_mutex_unlock(&rounds->lock);
}

void rounds_wake(Rounds *rounds)
{
	tell(rounds, &rounds->woken);
}

void rounds_quit(Rounds *rounds)
{
	tell(rounds, &rounds->stopping);
}

gboolean rounds_stopping(Rounds *rounds)
{
	gboolean stopping;

	g_mutex_lock(&rounds->lock);
	stopping = rounds->stopping;
	g_mutex_unlock(&rounds->lock);
	return stopping;
}

gboolean rounds_stop(Rounds *rounds)
{
	if (!rounds->thread)
		return FALSE;
	rounds_quit(rounds);
	g_thread_join(rounds->thread);
	rounds->thread = NULL;
	return TRUE;
}
