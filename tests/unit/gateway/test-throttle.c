/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/throttle.h"

#include <sys/wait.h>
#include <unistd.h>

#define SECOND ((gint64)G_USEC_PER_SEC)
#define RATE   1000000u

/* Reads as much as it may until `until`; how much that was. */
static guint64 drain(Throttle *throttle, gsize each, gint64 *now, gint64 until)
{
	guint64 sum = 0;

	while (*now < until) {
		gint64 wait = 0;
		gsize n = throttle_allows(throttle, each, *now, &wait);

		g_assert_cmpuint(n, <=, each);
		if (n == 0) {
			g_assert_cmpint(wait, >, 0);
			g_assert_cmpint(wait, <, 100000);
			*now += wait;
			continue;
		}
		throttle_took(throttle, n, *now);
		sum += n;
	}
	return sum;
}

static void test_rate(void)
{
	Buckets *buckets = buckets_new();
	static const gsize sizes[] = {1, 100, 65536, 1 << 20};

	for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree char *name = g_strdup_printf("lease %zu", i);
		Throttle *throttle = throttle_new(buckets, name, RATE, "nobody", 0);
		gint64 now = 1000 * SECOND, begin = now;
		guint64 sum = drain(throttle, sizes[i], &now, begin + 4 * SECOND);

		/* Four seconds' worth and what was in the bucket, but for rounding. */
		g_assert_cmpuint(sum, <=, 4 * RATE + RATE / 4 + RATE / 10);
		g_assert_cmpuint(sum, >=, 4 * RATE);
		throttle_free(throttle);
	}
}

static void test_nothing(void)
{
	g_assert_null(throttle_new(buckets_new(), "lease", 0, "user", 0));
}

/* A user's sessions have his rate together, each no more than its own, and others have theirs. */
static void test_user(void)
{
	Buckets *buckets = buckets_new();
	Throttle *sessions[] = {
		throttle_new(buckets, "lease 1", RATE, "ben", 2 * RATE),
		throttle_new(buckets, "lease 2", RATE, "ben", 2 * RATE),
		throttle_new(buckets, "lease 3", RATE, "ben", 2 * RATE),
		throttle_new(buckets, "lease 4", RATE, "anna", 2 * RATE),
	};
	guint64 sums[G_N_ELEMENTS(sessions)] = {0};
	gint64 begin = 1000 * SECOND, wait;

	for (gint64 now = begin; now < begin + 4 * SECOND; now += 5000) {
		for (gsize i = 0; i < G_N_ELEMENTS(sessions); i++) {
			gsize who = (i + (gsize)(now / 5000)) % G_N_ELEMENTS(sessions);
			gsize n = throttle_allows(sessions[who], 65536, now, &wait);

			throttle_took(sessions[who], n, now);
			sums[who] += n;
		}
	}
	g_assert_cmpuint(sums[0] + sums[1] + sums[2], <=, 2 * RATE * 45 / 10);
	g_assert_cmpuint(sums[0] + sums[1] + sums[2], >=, 2 * RATE * 38 / 10);
	for (gsize i = 0; i < G_N_ELEMENTS(sessions); i++) {
		g_assert_cmpuint(sums[i], <=, RATE * 45 / 10);
		throttle_free(sessions[i]);
	}
	g_assert_cmpuint(sums[3], >=, RATE * 38 / 10);
}

/* What another process takes is taken here. */
static void test_processes(void)
{
	Buckets *buckets = buckets_new();
	gint64 now = 1000 * SECOND, wait = 0;
	Throttle *here = throttle_new(buckets, "here", 0, "ben", RATE), *there;
	int status;
	pid_t pid;

	g_assert_cmpuint(throttle_allows(here, RATE, now, &wait), ==, RATE / 4);
	pid = fork();
	if (pid == 0) {
		there = throttle_new(buckets, "there", 0, "ben", RATE);
		throttle_took(there, RATE / 2, now);
		_exit(0);
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_cmpint(status, ==, 0);
	g_assert_cmpuint(throttle_allows(here, RATE, now, &wait), ==, 0);
	g_assert_cmpint(wait, >=, SECOND / 4);
	g_assert_cmpuint(throttle_allows(here, RATE, now + SECOND, &wait), ==, RATE / 4);
	throttle_free(here);
}

/* Whoever can write there may make us slower, not stop us for good. */
static void test_garbage(void)
{
	Buckets *buckets = buckets_new();
	Throttle *throttle = throttle_new(buckets, "lease", RATE, "user", 0);
	gint64 now = 1000 * SECOND, wait = 0, *words = (gint64 *)buckets;

	throttle_took(throttle, 1, now);
	for (gsize i = 0; i < 2 * 65536; i++) {
		if (words[i] != 0)
			words[i] = i % 2 ? G_MAXINT64 : words[i];
	}
	g_assert_cmpuint(throttle_allows(throttle, 100, now, &wait), ==, 0);
	g_assert_cmpint(wait, <=, 2 * SECOND);
	throttle_took(throttle, 1, now);
	g_assert_cmpuint(throttle_allows(throttle, 100, now + 2 * SECOND, &wait), >, 0);
	throttle_free(throttle);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/throttle/rate", test_rate);
	g_test_add_func("/throttle/nothing", test_nothing);
	g_test_add_func("/throttle/user", test_user);
	g_test_add_func("/throttle/processes", test_processes);
	g_test_add_func("/throttle/garbage", test_garbage);
	return g_test_run();
}
