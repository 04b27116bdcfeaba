/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket, and gateways that were taken over: nonsense, too many connections, and ears
 * that are shut. A real core behind it, as in test-gateway-link.c.
 */
#include <poll.h>
#include <sys/socket.h>

#include "fake-lease.h"
#include "fake-pam.h"
#include "fault.h"
#include "gateways/gateway_connection.h"
#include "log.h"

static void test_hello(CoreFixture *f, gconstpointer unused)
{
	ControlMessage dial = {.type = CONTROL_DIAL, .id = 1, .lease = (char *)"s-1"};
	ControlMessage ok = {.type = CONTROL_OK, .id = 1};
	g_auto(ControlMessage) none = {0};
	g_autofree char *detail = NULL;
	g_autofree char *detail2 = NULL;
	Gateway early, good, odd, garbage;

	g_assert_false(core_healthy(f->core, &detail));
	gateway_connect(&early, f);
	gateway_send(&early, &dial);
	g_assert_false(gateway_receive(&early, &none));
	gateway_connect(&garbage, f);
	g_assert_cmpint(send(garbage.fd, "\0\0\0\4{\"a\"", 8, MSG_NOSIGNAL), ==, 8);
	g_assert_false(gateway_receive(&garbage, &none));
	gateway_hello(&odd, f);
	gateway_send(&odd, &ok);
	g_assert_false(gateway_receive(&odd, &none));
	gateway_hello(&good, f);
	g_assert_true(core_healthy(f->core, &detail2));
	gateway_close(&early);
	gateway_close(&garbage);
	gateway_close(&odd);
	gateway_close(&good);
}

/* Two have their places, a third one is sent away. */
static void fill_two(CoreFixture *f, Gateway *first, Gateway *second)
{
	g_auto(ControlMessage) none = {0};
	Gateway third;

	gateway_hello(first, f);
	gateway_hello(second, f);
	gateway_connect(&third, f);
	g_assert_false(gateway_receive(&third, &none));
	gateway_close(&third);
}

/* However many connections a gateway makes, the broker lives, and others have theirs again. */
static void test_too_many(CoreFixture *f, gconstpointer unused)
{
	Gateway first, second, third;

	f->core->link->most = 2;
	fill_two(f, &first, &second);
	gateway_close(&second);
	f->core->link->most = 3; /* the second one may not have been missed yet */
	gateway_hello(&third, f);
	gateway_close(&third);
	gateway_close(&first);
}

/* Nor does one process have all the places. */
static void test_too_many_of_one(CoreFixture *f, gconstpointer unused)
{
	Gateway first, second;

	f->core->link->each = 2;
	fill_two(f, &first, &second);
	gateway_close(&second);
	gateway_close(&first);
}

static void come_and_go(CoreFixture *f)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	Gateway g;

	gateway_hello(&g, f);
	gateway_close(&g);
	while (gateway_link_count(f->core->link) > 0) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_usleep(1000);
	}
}

/* Nor does it have as many as it likes one after the other: each is taken for a while. */
static void test_comes_and_goes(CoreFixture *f, gconstpointer unused)
{
	g_auto(ControlMessage) none = {0};
	Gateway third, other;

	f->core->link->each = 2;
	f->core->link->kept = 3600 * (gint64)G_USEC_PER_SEC;
	come_and_go(f);
	come_and_go(f);
	gateway_connect(&third, f);
	g_assert_false(gateway_receive(&third, &none));
	gateway_close(&third);
	gateway_hello_elsewhere(&other, f);
	gateway_close(&other);
}

/* For the life of a test and longer: who waits for a deaf gateway would wait for ever. */
static void be_patient(CoreFixture *f)
{
	f->core->link->patience = 3600;
}

static gboolean hung_up(const Gateway *g, int ms)
{
	struct pollfd fd = {.fd = g->fd, .events = POLLRDHUP};

	return poll(&fd, 1, ms) == 1;
}

/* A gateway that was taken over asks more than its socket takes answers, and reads nothing:
 * another's questions are answered as ever, and it hears all that it was told once it does read. */
static void test_deaf(CoreFixture *f, gconstpointer unused)
{
	const unsigned many = 1000;
	Gateway deaf, good;

	be_patient(f);
	gateway_hello(&deaf, f);
	gateway_hello(&good, f);
	for (unsigned id = 1; id <= many; id++) {
		ControlMessage nonsense = lease_redeem(&(Ticket){.ticket = (char *)"no"}, "vnc");

		nonsense.id = id;
		gateway_send(&deaf, &nonsense);
	}
	for (unsigned i = 0; i < 20; i++) {
		ControlMessage mine = lease_redeem(&(Ticket){.ticket = (char *)"nor"}, "vnc");

		ask_refused(&good, &mine, "denied");
	}
	g_assert_false(hung_up(&deaf, 0));
	for (unsigned i = 0; i < many; i++) {
		g_auto(ControlMessage) answer = {0};

		g_assert_true(gateway_receive(&deaf, &answer));
		g_assert_cmpint(answer.type, ==, CONTROL_REFUSE);
	}
	gateway_close(&deaf);
	gateway_close(&good);
}

/* It hears of each follow as well. */
static void link_often(Gateway *g, const ControlMessage *lease, unsigned times)
{
	unsigned done = 0;

	for (unsigned i = 1; i <= times; i++) {
		ControlMessage linked = {.type = CONTROL_LINKED, .id = i, .lease = lease->lease};

		linked.backend_id = i;
		gateway_send(g, &linked);
	}
	while (done < times) {
		g_auto(ControlMessage) m = {0};

		g_assert_true(gateway_receive(g, &m));
		done += m.type == CONTROL_OK;
	}
}

/* One says again and again that the main channel of its viewer has come to a desktop: others hear
 * of it as often as it may be so, and of another viewer's as ever. */
static void test_follows(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *name = g_strnfill(CONTROL_BOND_NAME, 'f');
	const ControlMessage another = {.type = CONTROL_FOLLOW, .bond = name};
	g_auto(ControlMessage) lease = {0};
	g_autoptr(Ticket) ticket = NULL;
	Gateway bad, good;
	unsigned heard = 0;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&bad, f);
	gateway_hello(&good, f);
	ticket = lease_open(f, &bad, "spice", &lease);
	link_often(&bad, &lease, 100);
	g_assert_true(gateway_link_follow(f->core->link, &another));
	for (;; heard++) {
		g_auto(ControlMessage) m = {0};

		g_assert_true(gateway_receive(&good, &m));
		g_assert_cmpint(m.type, ==, CONTROL_FOLLOW);
		if (g_str_equal(m.bond, name))
			break;
	}
	g_assert_cmpuint(heard, ==, FOLLOWS_MOST);
	gateway_close(&bad);
	gateway_close(&good);
}

static void login_slowly(Gateway *g, unsigned id)
{
	g_autofree char *user = g_strdup_printf("user%u", id);
	g_autofree char *peer = g_strdup_printf("198.51.100.%u:5000", id % 250);
	ControlMessage login = login_of(user, "slow", NULL);

	login.id = id;
	login.peer = peer;
	gateway_send(g, &login);
}

/* One asks for more logins than there are threads and may wait, and PAM thinks about each:
 * another's person is in meanwhile. */
static void test_busy(CoreFixture *f, gconstpointer unused)
{
	const unsigned many = 400;
	ControlMessage login = login_of("anna", "right", NULL);
	g_auto(ControlMessage) lease = {0};
	g_auto(ControlMessage) refused = {0};
	Gateway busy, good;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&busy, f);
	gateway_hello_elsewhere(&good, f);
	g_mutex_lock(&fake_pam_slow);
	for (unsigned id = 1; id <= many; id++)
		login_slowly(&busy, id);
	g_assert_true(gateway_receive(&busy, &refused));
	g_assert_cmpstr(refused.fault, ==, "busy");
	ask(&good, &login, &lease);
	g_assert_cmpint(lease.type, ==, CONTROL_LEASE);
	gateway_close(&busy);
	g_mutex_unlock(&fake_pam_slow);
	gateway_close(&good);
}

/* One that never does is hung up on, and holds a bounded part of our memory until then; nor does
 * who has a word for it wait. */
static void test_deaf_for_ever(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *reason = g_strnfill(1000, 'x');
	Gateway deaf;

	be_patient(f);
	gateway_hello(&deaf, f);
	for (unsigned i = 0; i < 5000 && !hung_up(&deaf, 0); i++)
		gateway_link_end(f->core->link, "s-1", FAULT_ENDED, reason);
	g_assert_true(hung_up(&deaf, 0));
	gateway_close(&deaf);
}

/* However little waits for it, it does not wait for ever. */
static void test_deaf_too_long(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *reason = g_strnfill(1000, 'x');
	Gateway deaf;

	f->core->link->patience = 1;
	gateway_hello(&deaf, f);
	for (unsigned i = 0; i < 1000; i++) /* more than its socket takes, less than may wait */
		gateway_link_end(f->core->link, "s-1", FAULT_ENDED, reason);
	g_assert_true(hung_up(&deaf, 60000));
	gateway_close(&deaf);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                                 \
	g_test_add("/gateway-abuse/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("hello", test_hello);
	ADD("too-many", test_too_many);
	ADD("too-many-of-one", test_too_many_of_one);
	ADD("comes-and-goes", test_comes_and_goes);
	ADD("busy", test_busy);
	ADD("follows", test_follows);
	ADD("deaf", test_deaf);
	ADD("deaf-for-ever", test_deaf_for_ever);
	ADD("deaf-too-long", test_deaf_too_long);
	return g_test_run();
}
