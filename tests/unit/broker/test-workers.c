/* SPDX-License-Identifier: GPL-3.0-or-later */
/* workers: who asks for much waits for it alone. Jobs of those are done when the test lets them. */
#include "workers.h"

#define FLOOD 1000
#define LONG  (60 * G_USEC_PER_SEC)

static const struct {
	Work work;
	unsigned threads;
} kinds[] = {{WORK_QUICK, 8}, {WORK_LOGIN, 32}, {WORK_START, 64}};

static struct {
	GMutex lock; /* of all below */
	GCond changed;
	unsigned running, let, done, others;
} world;

static void much(gpointer unused)
{
	g_mutex_lock(&world.lock);
	world.running++;
	g_cond_broadcast(&world.changed);
	while (world.done >= world.let)
		g_cond_wait(&world.changed, &world.lock);
	world.running--;
	world.done++;
	g_cond_broadcast(&world.changed);
	g_mutex_unlock(&world.lock);
}

static void once(gpointer unused)
{
	g_mutex_lock(&world.lock);
	world.others++;
	g_cond_broadcast(&world.changed);
	g_mutex_unlock(&world.lock);
}

static void await(const unsigned *what, unsigned count)
{
	gint64 end = g_get_monotonic_time() + LONG;

	g_mutex_lock(&world.lock);
	while (*what != count)
		g_assert_true(g_cond_wait_until(&world.changed, &world.lock, end));
	g_mutex_unlock(&world.lock);
}

static void let(unsigned count)
{
	g_mutex_lock(&world.lock);
	world.let = count;
	g_cond_broadcast(&world.changed);
	g_mutex_unlock(&world.lock);
}

/* From as many addresses of one network as there are jobs; how many were taken. */
static unsigned flood(Workers *workers, Work work, const char *network)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < FLOOD; i++) {
		g_autofree char *peer = g_strdup_printf("%s::%x", network, i);

		taken += workers_push(workers, work, peer, much, NULL);
	}
	g_assert_cmpuint(taken, >=, 64);
	g_assert_cmpuint(taken, <, FLOOD);
	return taken;
}

/* One who has asked for all that may wait keeps nobody from a thread; two who have all threads keep
 * the next from one only until it is his turn. */
static void test_turns(gconstpointer data)
{
	const Work work = kinds[GPOINTER_TO_UINT(data)].work;
	Workers *workers = workers_new();
	unsigned taken;

	world.running = world.let = world.done = world.others = 0;
	taken = flood(workers, work, "2001:db8:0:1");
	g_assert_true(workers_push(workers, work, "192.0.2.1", once, NULL));
	await(&world.others, 1);
	taken += flood(workers, work, "2001:db8:0:2");
	await(&world.running, kinds[GPOINTER_TO_UINT(data)].threads);
	g_assert_true(workers_push(workers, work, "192.0.2.1", once, NULL));
	let(3);
	await(&world.others, 2);
	let(G_MAXUINT);
	workers_drain(workers);
	g_assert_cmpuint(world.done, ==, taken);
	g_assert_false(workers_push(workers, work, "192.0.2.1", once, NULL));
	workers_free(workers);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/workers/quick", GUINT_TO_POINTER(0), test_turns);
	g_test_add_data_func("/workers/login", GUINT_TO_POINTER(1), test_turns);
	g_test_add_data_func("/workers/start", GUINT_TO_POINTER(2), test_turns);
	return g_test_run();
}
