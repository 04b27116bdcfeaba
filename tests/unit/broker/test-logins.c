/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logins.h"

#include "fake-core.h"
#include "fault.h"

static Login *begin(const char *peer)
{
	return login_new("anna", peer, conversation_start("", "anna", peer, NULL));
}

/* Returns when n conversations are left, or fails after a minute. */
static void await_conversations(unsigned n)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;

	while (fake_conversations() != n) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_usleep(1000);
	}
}

static void test_take(void)
{
	Logins *logins = logins_new();
	Login *login = begin("192.0.2.1");
	g_autofree char *id = g_strdup(login->id);

	g_assert_true(logins_put(logins, login, NULL));
	g_assert_null(logins_take(logins, "nonsense", "192.0.2.1"));
	g_assert_null(logins_take(logins, id, "192.0.2.2"));
	g_assert_true(logins_take(logins, id, "192.0.2.1") == login);
	/* One request at a time. */
	g_assert_null(logins_take(logins, id, "192.0.2.1"));
	g_assert_true(logins_put(logins, login, NULL));
	logins_free(logins);
	g_assert_cmpuint(fake_conversations(), ==, 0);
}

/* Whoever does not answer in time is gone, without anybody asking. */
static void test_overdue(void)
{
	Logins *logins = logins_new();
	g_autoptr(GError) error = NULL;
	Login *late, *later = begin("192.0.2.1"), *over = begin("192.0.2.1");

	over->deadline = g_get_monotonic_time() - 1;
	g_assert_true(logins_put(logins, later, NULL));
	do { /* where it was too late already, because this machine is slow, again */
		late = begin("192.0.2.1");
		late->deadline = g_get_monotonic_time() + 30 * G_TIME_SPAN_MILLISECOND;
	} while (!logins_put(logins, late, NULL));
	g_assert_false(logins_put(logins, over, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
	await_conversations(1);
	logins_free(logins);
	g_assert_cmpuint(fake_conversations(), ==, 0);
}

/* Puts one more from there; its id. */
static char *put(Logins *logins, const char *peer)
{
	Login *login = begin(peer);
	char *id = g_strdup(login->id);

	g_assert_true(logins_put(logins, login, NULL));
	return id;
}

/* Is it still there? */
static gboolean waits(Logins *logins, const char *id, const char *peer)
{
	Login *login = logins_take(logins, id, peer);

	return login != NULL && logins_put(logins, login, NULL);
}

/* Twenty of one place are enough: the oldest goes, and nobody else's. */
static void test_bounds_of_place(void)
{
	Logins *logins = logins_new();
	g_autofree char *other = put(logins, "198.51.100.1");
	g_autofree char *first = put(logins, "192.0.2.1");
	g_autofree char *second = put(logins, "192.0.2.1");
	g_autofree char *last = NULL;

	for (unsigned i = 0; i < 18; i++)
		g_free(put(logins, "192.0.2.1"));
	g_assert_true(waits(logins, first, "192.0.2.1"));
	last = put(logins, "192.0.2.1");
	g_assert_false(waits(logins, first, "192.0.2.1"));
	g_assert_true(waits(logins, second, "192.0.2.1"));
	g_assert_true(waits(logins, last, "192.0.2.1"));
	g_assert_true(waits(logins, other, "198.51.100.1"));
	g_assert_cmpuint(fake_conversations(), ==, 21);
	logins_free(logins);
}

/* When all is full, the place that has most gives. */
static void test_bounds(void)
{
	Logins *logins = logins_new();
	g_autofree char *old = put(logins, "198.51.100.1");
	g_autofree char *fresh = NULL;

	for (unsigned i = 0; i < 199; i++) {
		g_autofree char *peer = g_strdup_printf("192.0.2.%u", i / 20);

		g_free(put(logins, peer));
	}
	fresh = put(logins, "198.51.100.2");
	g_assert_true(waits(logins, old, "198.51.100.1"));
	g_assert_true(waits(logins, fresh, "198.51.100.2"));
	g_assert_cmpuint(fake_conversations(), ==, 200);
	logins_free(logins);
	g_assert_cmpuint(fake_conversations(), ==, 0);
}

/* Every address of an IPv6 site counts as one. */
static void test_place(void)
{
	Logins *logins = logins_new();

	for (unsigned i = 0; i < 25; i++) {
		g_autofree char *peer = g_strdup_printf("2001:db8::%x", i + 1);

		g_free(put(logins, peer));
	}
	g_assert_cmpuint(fake_conversations(), ==, 20);
	g_free(put(logins, "2001:db8:0:1::1"));
	g_assert_cmpuint(fake_conversations(), ==, 21);
	logins_free(logins);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/logins/take", test_take);
	g_test_add_func("/logins/overdue", test_overdue);
	g_test_add_func("/logins/bounds-of-place", test_bounds_of_place);
	g_test_add_func("/logins/bounds", test_bounds);
	g_test_add_func("/logins/place", test_place);
	return g_test_run();
}
