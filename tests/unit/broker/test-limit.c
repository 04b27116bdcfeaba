/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "auth/limit.h"

/* One attempt; returns the wait, 0 if it was let in. */
static unsigned attempt(Limit *limit, const char *peer, const char *user, LimitVerdict verdict,
			gint64 now)
{
	unsigned wait = limit_begin(limit, peer, user, now);

	if (wait == 0)
		limit_end(limit, peer, user, verdict, now);
	return wait;
}

static void test_user(void)
{
	Limit *limit = limit_new();
	gint64 now = 1000000;
	unsigned expected = 1;

	/* Each from another address: only the name counts. */
	for (unsigned i = 0; i < 6; i++) {
		g_autofree char *peer = g_strdup_printf("192.0.2.%u", i);

		g_assert_cmpuint(attempt(limit, peer, "anna", LIMIT_REFUSED, now), ==, 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		g_assert_cmpuint(attempt(limit, "198.51.100.1", "anna", LIMIT_REFUSED, now), ==,
				 expected);
		g_assert_cmpuint(attempt(limit, "198.51.100.1", "ben", LIMIT_UNDECIDED, now), ==,
				 0);
		now += expected * 1000;
		g_assert_cmpuint(attempt(limit, "198.51.100.1", "anna", LIMIT_REFUSED, now), ==, 0);
		expected = MIN(expected * 2, 30);
	}
	/* The right password ends it. */
	now += 30 * 1000;
	g_assert_cmpuint(attempt(limit, "198.51.100.1", "anna", LIMIT_ACCEPTED, now), ==, 0);
	for (unsigned i = 0; i < 5; i++)
		g_assert_cmpuint(attempt(limit, "198.51.100.2", "anna", LIMIT_REFUSED, now), ==, 0);
	g_assert_cmpuint(attempt(limit, "198.51.100.2", "anna", LIMIT_REFUSED, now), ==, 0);
	g_assert_cmpuint(attempt(limit, "198.51.100.2", "anna", LIMIT_REFUSED, now), ==, 1);
	limit_free(limit);
}

static void test_peer(void)
{
	Limit *limit = limit_new();
	gint64 now = 5;

	for (unsigned i = 0; i < 21; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);

		g_assert_cmpuint(attempt(limit, "192.0.2.1", user, LIMIT_REFUSED, now), ==, 0);
	}
	g_assert_cmpuint(attempt(limit, "192.0.2.1", "fresh", LIMIT_ACCEPTED, now), ==, 1);
	g_assert_cmpuint(attempt(limit, "192.0.2.2", "fresh", LIMIT_ACCEPTED, now), ==, 0);
	/* A good login of the guesser's own does not clear the address. */
	now += 1000;
	g_assert_cmpuint(attempt(limit, "192.0.2.1", "mallory", LIMIT_ACCEPTED, now), ==, 0);
	g_assert_cmpuint(attempt(limit, "192.0.2.1", "again", LIMIT_REFUSED, now), ==, 0);
	g_assert_cmpuint(attempt(limit, "192.0.2.1", "again", LIMIT_REFUSED, now), ==, 2);
	/* Time does. */
	now += 22 * 60 * 1000;
	for (unsigned i = 0; i < 5; i++)
		g_assert_cmpuint(attempt(limit, "192.0.2.1", "late", LIMIT_REFUSED, now), ==, 0);
	limit_free(limit);
}

/* Whoever has an IPv6 address has 2^64 of them. */
static void test_place(void)
{
	static const char *const places[][2] = {
		{"192.0.2.1", "192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::", "2001:db8:1:2::/64"},
		{"unknown", "unknown"},
	};
	Limit *limit = limit_new();

	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *place = limit_place(places[i][0]);

		g_assert_cmpstr(place, ==, places[i][1]);
	}
	for (unsigned i = 0; i < 21; i++) {
		g_autofree char *peer = g_strdup_printf("2001:db8::%x", i);
		g_autofree char *user = g_strdup_printf("user%u", i);

		g_assert_cmpuint(attempt(limit, peer, user, LIMIT_REFUSED, 0), ==, 0);
	}
	g_assert_cmpuint(attempt(limit, "2001:db8::99", "fresh", LIMIT_REFUSED, 0), ==, 1);
	g_assert_cmpuint(attempt(limit, "2001:db8:0:1::", "fresh", LIMIT_REFUSED, 0), ==, 0);
	limit_free(limit);
}

/* A burst is stopped before its first refusal is known. */
static void test_pending(void)
{
	Limit *limit = limit_new();

	for (unsigned i = 0; i < 4; i++)
		g_assert_cmpuint(limit_begin(limit, "192.0.2.1", "anna", 0), ==, 0);
	g_assert_cmpuint(limit_begin(limit, "192.0.2.1", "anna", 0), ==, 1);
	g_assert_cmpuint(limit_begin(limit, "192.0.2.1", "ben", 0), ==, 0);
	limit_end(limit, "192.0.2.1", "anna", LIMIT_UNDECIDED, 0);
	g_assert_cmpuint(limit_begin(limit, "192.0.2.1", "anna", 0), ==, 0);
	limit_free(limit);
}

/* Ten thousand names leave the memory of a guessed one in place while it matters. */
static void test_bounded(void)
{
	Limit *limit = limit_new();

	for (unsigned i = 0; i < 10; i++)
		attempt(limit, "192.0.2.1", "anna", LIMIT_REFUSED, i * 60 * 1000);
	for (unsigned i = 0; i < 10000; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);
		g_autofree char *peer = g_strdup_printf("10.0.%u.%u", i / 250, i % 250);

		g_assert_cmpuint(attempt(limit, peer, user, LIMIT_UNDECIDED, 600000), ==, 0);
	}
	for (unsigned i = 0; i < 6; i++)
		attempt(limit, "192.0.2.9", "anna", LIMIT_REFUSED, 600000);
	g_assert_cmpuint(attempt(limit, "192.0.2.9", "anna", LIMIT_REFUSED, 600000), >, 0);
	limit_free(limit);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/limit/user", test_user);
	g_test_add_func("/limit/peer", test_peer);
	g_test_add_func("/limit/place", test_place);
	g_test_add_func("/limit/pending", test_pending);
	g_test_add_func("/limit/bounded", test_bounded);
	return g_test_run();
}
