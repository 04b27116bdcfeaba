/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A lane: whose turn it is. Each test has its threads held while it puts its requests into rows,
 * lets them go, and looks at the order in which they were done.
 */
#include "lane.h"

#define LONG (60 * G_USEC_PER_SEC)

/* What is asked: one letter, which says who asks. */
typedef struct {
	char who;
} Request;

static struct {
	GMutex lock; /* of all below */
	GCond changed;
	gboolean open;    /* requests may be done */
	unsigned running; /* wait until they may  */
	GString *done;    /* the letters, in order */
	unsigned dropped;
} world;

static void run(gpointer data)
{
	Request *request = data;

	g_mutex_lock(&world.lock);
	world.running++;
	g_cond_broadcast(&world.changed);
	while (!world.open)
		g_cond_wait(&world.changed, &world.lock);
	world.running--;
	g_string_append_c(world.done, request->who);
	g_mutex_unlock(&world.lock);
}

static void drop(gpointer request)
{
	g_free(request);
	g_mutex_lock(&world.lock);
	world.dropped++;
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

static Lane *begin(unsigned threads, unsigned share, unsigned most)
{
	const LaneRules rules = {threads, share, most, run, drop};

	world.open = FALSE;
	world.dropped = 0;
	world.done = g_string_new(NULL);
	return lane_new(&rules);
}

static void let_go(void)
{
	g_mutex_lock(&world.lock);
	world.open = TRUE;
	g_cond_broadcast(&world.changed);
	g_mutex_unlock(&world.lock);
}

static void assert_done(Lane *lane, const char *order)
{
	lane_free(lane);
	g_assert_cmpstr(world.done->str, ==, order);
	g_string_free(world.done, TRUE);
}

static gboolean ask(Lane *lane, LaneRow *row, char who)
{
	Request *request = g_new(Request, 1);

	request->who = who;
	if (lane_push(lane, row, request))
		return TRUE;
	g_free(request);
	return FALSE;
}

static void ask_often(Lane *lane, LaneRow *row, char who, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		g_assert_true(ask(lane, row, who));
}

/* Who has a hundred waiting is ahead of nobody else by more than the one that runs; and two others
 * take turns as well. */
static void test_in_turn(void)
{
	LaneGroup groups[3] = {0};
	LaneRow a = {.group = &groups[0]}, b = {.group = &groups[1]}, c = {.group = &groups[2]};
	Lane *lane = begin(1, 1, 1000);
	g_autofree char *rest = g_strnfill(98, 'a');
	g_autofree char *order = g_strconcat("abcab", rest, NULL);

	ask_often(lane, &a, 'a', 1);
	await(&world.running, 1);
	ask_often(lane, &a, 'a', 99);
	ask_often(lane, &b, 'b', 2);
	ask_often(lane, &c, 'c', 1);
	let_go();
	await(&world.dropped, 103);
	assert_done(lane, order);
}

/* A process with three connections has no more turns by them than one with one. */
static void test_groups(void)
{
	LaneGroup many = {0}, one = {0};
	LaneRow a = {.group = &many}, b = {.group = &many}, c = {.group = &many};
	LaneRow o = {.group = &one};
	Lane *lane = begin(1, 1, 1000);

	ask_often(lane, &a, 'a', 1);
	await(&world.running, 1);
	ask_often(lane, &a, 'a', 2);
	ask_often(lane, &b, 'b', 2);
	ask_often(lane, &c, 'c', 2);
	ask_often(lane, &o, 'o', 3);
	let_go();
	await(&world.dropped, 10);
	assert_done(lane, "aoaobocabc");
}

/* However much one asks, and however long each takes: others find a thread. */
static void test_share(void)
{
	LaneGroup much = {0}, little = {0};
	LaneRow a = {.group = &much}, b = {.group = &little};
	Lane *lane = begin(4, 3, 1000);

	ask_often(lane, &a, 'a', 10);
	await(&world.running, 3);
	ask_often(lane, &b, 'b', 2);
	await(&world.running, 4);
	g_assert_cmpuint(much.running, ==, 3);
	g_assert_cmpuint(little.running, ==, 1);
	let_go();
	await(&world.dropped, 12);
	g_assert_cmpuint(world.done->len, ==, 12);
	lane_free(lane);
	g_string_free(world.done, TRUE);
}

/* So many wait in a row and no more; another has its own room. */
static void test_most(void)
{
	LaneGroup group = {0};
	LaneRow a = {.group = &group}, b = {.group = &group};
	Lane *lane = begin(1, 1, 2);

	ask_often(lane, &a, 'a', 1);
	await(&world.running, 1);
	ask_often(lane, &a, 'a', 2);
	g_assert_false(ask(lane, &a, 'a'));
	ask_often(lane, &b, 'b', 2);
	let_go();
	await(&world.dropped, 5);
	ask_often(lane, &a, 'a', 1);
	await(&world.dropped, 6);
	assert_done(lane, "aababa");
}

/* What waits in a row is dropped with it, and done by nobody; what runs is left to run. */
static void test_empty(void)
{
	LaneGroup gone = {0}, here = {0};
	LaneRow a = {.group = &gone}, b = {.group = &here};
	Lane *lane = begin(1, 1, 1000);

	ask_often(lane, &a, 'a', 1);
	await(&world.running, 1);
	lane_empty(lane, &a);
	ask_often(lane, &a, 'a', 50);
	ask_often(lane, &b, 'b', 1);
	lane_empty(lane, &a);
	g_assert_cmpuint(world.dropped, ==, 50);
	let_go();
	await(&world.dropped, 52);
	ask_often(lane, &a, 'a', 1);
	await(&world.dropped, 53);
	assert_done(lane, "aba");
}

/* Four who ask at once, of a few threads: each request is done once and dropped once. */
static gpointer ask_on(gpointer data)
{
	gpointer *args = data;

	for (unsigned i = 0; i < 2000; i++)
		while (!ask(args[0], args[1], 'x'))
			g_thread_yield();
	return NULL;
}

static void test_crowd(void)
{
	LaneGroup groups[2] = {0};
	LaneRow rows[4] = {{.group = &groups[0]},
			   {.group = &groups[0]},
			   {.group = &groups[0]},
			   {.group = &groups[1]}};
	gpointer args[4][2];
	GThread *threads[4];
	Lane *lane = begin(3, 2, 100);

	let_go();
	for (unsigned i = 0; i < 4; i++) {
		args[i][0] = lane;
		args[i][1] = &rows[i];
		threads[i] = g_thread_new("asker", ask_on, args[i]);
	}
	for (unsigned i = 0; i < 4; i++)
		g_thread_join(threads[i]);
	await(&world.dropped, 8000);
	g_assert_cmpuint(world.done->len, ==, 8000);
	lane_free(lane);
	g_string_free(world.done, TRUE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lane/in-turn", test_in_turn);
	g_test_add_func("/lane/groups", test_groups);
	g_test_add_func("/lane/share", test_share);
	g_test_add_func("/lane/most", test_most);
	g_test_add_func("/lane/empty", test_empty);
	g_test_add_func("/lane/crowd", test_crowd);
	return g_test_run();
}
