/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker's sessions by their leases. */
#include "leases.h"

static void assert_found(Leases *leases, const char *lease, guint n)
{
	g_autoptr(GPtrArray) all = leases_find(leases, lease);

	g_assert_cmpuint(all->len, ==, n);
	for (guint i = 0; i < n; i++) {
		g_assert_cmpstr(((Session *)all->pdata[i])->lease, ==, lease);
		for (guint k = 0; k < i; k++)
			g_assert_true(all->pdata[k] != all->pdata[i]);
	}
}

static Session session_of(const char *lease)
{
	return (Session){.lease = (char *)lease};
}

static void test_alone(void)
{
	g_autoptr(GHashTable) leases = leases_new();
	Session a = session_of("s-a"), b = session_of("s-b");

	assert_found(leases, "s-a", 0);
	leases_add(leases, &a);
	leases_add(leases, &b);
	assert_found(leases, "s-a", 1);
	assert_found(leases, "s-b", 1);
	leases_remove(leases, &a);
	a.lease = (char *)"s-c";
	leases_add(leases, &a);
	assert_found(leases, "s-a", 0);
	assert_found(leases, "s-c", 1);
}

/* Channels of one viewer, which leave in any order. */
static void test_channels(void)
{
	static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
		g_autoptr(GHashTable) leases = leases_new();
		Session all[3] = {session_of("s-a"), session_of("s-a"), session_of("s-a")};

		for (unsigned k = 0; k < 3; k++)
			leases_add(leases, &all[k]);
		for (unsigned k = 0; k < 3; k++) {
			assert_found(leases, "s-a", 3 - k);
			leases_remove(leases, &all[orders[i][k]]);
			all[orders[i][k]].lease = NULL; /* nothing looks at it any more */
		}
		assert_found(leases, "s-a", 0);
		g_assert_cmpuint(g_hash_table_size(leases), ==, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/leases/alone", test_alone);
	g_test_add_func("/leases/channels", test_channels);
	return g_test_run();
}
