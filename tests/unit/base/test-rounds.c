/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that works in rounds: when they come, and that they end. */
#include "rounds.h"

#define SOON  (10 * G_TIME_SPAN_MILLISECOND)
#define NEVER (600 * G_USEC_PER_SEC)

typedef struct {
	GMutex lock;
	GCond went;
	unsigned rounds;
	gint64 every;     /* from one to the next */
	gboolean may_end; /* a round does not before */
	gint64 last;      /* when the last one began */
} Worker;

static void setup(Worker *w, gconstpointer every)
{
	w->every = every ? SOON : NEVER;
	w->may_end = TRUE;
	g_mutex_init(&w->lock);
	g_cond_init(&w->went);
}

static void teardown(Worker *w, gconstpointer unused)
{
	g_mutex_clear(&w->lock);
	g_cond_clear(&w->went);
}

static gint64 work(gpointer data)
{
	Worker *w = data;

	g_mutex_lock(&w->lock);
	w->last = g_get_monotonic_time();
	w->rounds++;
	g_cond_broadcast(&w->went);
	while (!w->may_end)
		g_cond_wait(&w->went, &w->lock);
	g_mutex_unlock(&w->lock);
	return g_get_monotonic_time() + w->every;
}

static void let_end(Worker *w, gboolean may)
{
	g_mutex_lock(&w->lock);
	w->may_end = may;
	g_cond_broadcast(&w->went);
	g_mutex_unlock(&w->lock);
}

static void await(Worker *w, unsigned rounds)
{
	gint64 deadline = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

	g_mutex_lock(&w->lock);
	while (w->rounds < rounds)
		g_assert_true(g_cond_wait_until(&w->went, &w->lock, deadline));
	g_mutex_unlock(&w->lock);
}

static void test_due(Worker *w, gconstpointer unused)
{
	Rounds *rounds = rounds_new("test", work, 0, w);

	rounds_start(rounds);
	await(w, 4);
	g_assert_false(rounds_stopping(rounds));
	g_assert_true(rounds_stop(rounds));
	g_assert_true(rounds_stopping(rounds));
	g_assert_false(rounds_stop(rounds));
	rounds_free(rounds);
}

/* Word that comes during a round brings another. */
static void test_woken(Worker *w, gconstpointer unused)
{
	Rounds *rounds = rounds_new("test", work, 0, w);

	let_end(w, FALSE);
	rounds_start(rounds);
	await(w, 1);
	rounds_wake(rounds);
	let_end(w, TRUE);
	await(w, 2);
	rounds_wake(rounds);
	await(w, 3);
	rounds_stop(rounds);
	rounds_free(rounds);
}

static void test_rest(Worker *w, gconstpointer unused)
{
	Rounds *rounds = rounds_new("test", work, 3, w);
	gint64 first, took;

	let_end(w, FALSE);
	rounds_start(rounds);
	await(w, 1);
	rounds_wake(rounds);
	g_usleep(SOON);
	first = w->last;
	took = g_get_monotonic_time() - first;
	let_end(w, TRUE);
	await(w, 2);
	g_assert_cmpint(w->last - first - took, >=, 3 * took);
	rounds_stop(rounds);
	rounds_free(rounds);
}

static void test_quit(Worker *w, gconstpointer unused)
{
	Rounds *rounds = rounds_new("test", work, 0, w);

	g_assert_false(rounds_stop(rounds));
	rounds_quit(rounds);
	rounds_start(rounds);
	rounds_wake(rounds);
	g_assert_true(rounds_stop(rounds));
	g_assert_cmpuint(w->rounds, ==, 0);
	rounds_free(rounds);
	rounds_free(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/rounds/due", Worker, "soon", setup, test_due, teardown);
	g_test_add("/rounds/woken", Worker, NULL, setup, test_woken, teardown);
	g_test_add("/rounds/rest", Worker, NULL, setup, test_rest, teardown);
	g_test_add("/rounds/quit", Worker, NULL, setup, test_quit, teardown);
	return g_test_run();
}
