/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket, from a gateway's side: what becomes of sessions. Reports of what they do,
 * their ends, gateways that go and come back, and many requests at once.
 */
#include <unistd.h>

#include "fake-lease.h"
#include "fake-pam.h"
#include "fault.h"
#include "log.h"
#include "sessions/activity.h"

/* How long ago the only live session was used last, in seconds. */
static gint64 idle(CoreFixture *f)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) live = core_sessions(f->core, NULL, TRUE, 10, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(live->len, ==, 1);
	return core_now() - ((SessionView *)live->pdata[0])->active_at;
}

static void active(Gateway *g, const ControlMessage *lease, guint64 milliseconds)
{
	ControlMessage m = {.type = CONTROL_ACTIVE,
			    .lease = lease->lease,
			    .milliseconds = milliseconds,
			    .round_trip = milliseconds / 10};

	gateway_send(g, &m);
}

/* Nobody can have moved a mouse before the session began, nor can a report take back a
 * later one. */
static void test_active(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	g_auto(ControlMessage) lease = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) live = NULL;
	Db *db = NULL;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = lease_open(f, &g, "vnc", &lease);
	lease_started_for_sure(&g, &lease);
	db = f->core->db;
	g_assert_cmpint(db_change(db, &error, "UPDATE session SET started_at = started_at - ?",
				  DB_INT(1000)),
			==, 1);
	g_assert_cmpint(idle(f), >=, 1000);
	active(&g, &lease, G_MAXINT64); /* says a gateway that has lost its mind */
	activity_note(f->core, "s-nobody", 0, 0);
	g_assert_cmpint(activity_unwritten(f->core, "s-nobody", core_now()), ==, 0);
	active(&g, &(ControlMessage){.lease = (char *)"s-nobody"}, 0);
	active(&g, &lease, 300 * 1000);
	for (unsigned i = 0; i < 6000 && idle(f) >= 1000; i++)
		g_usleep(10000);
	g_assert_cmpint(idle(f), >=, 300);
	g_assert_cmpint(idle(f), <, 320);
	live = core_sessions(f->core, NULL, TRUE, 10, &error);
	g_assert_cmpuint(((SessionView *)live->pdata[0])->round_trip, ==, 30000);
	gateway_close(&g);
}

static void test_ends(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(Who) ben = core_fixture_who("ben");
	g_autoptr(GError) error = NULL;
	g_auto(ControlMessage) lease = {0};
	g_auto(ControlMessage) lease2 = {0};
	g_auto(ControlMessage) m = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(Ticket) ticket2 = NULL;
	g_autoptr(SessionView) row = NULL;
	ControlMessage redeem;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = lease_open(f, &g, "web", &lease);
	lease_started(&g, &lease);
	close(gateway_take_fd(&g));

	/* The same person again: the new one takes over. */
	ticket2 = core_fixture_connect(f, "anna", "p-lab", "vnc");
	redeem = lease_redeem(ticket2, "vnc");
	redeem.id = 9;
	gateway_send(&g, &redeem);
	lease_expect_end(&g, lease.lease, "taken over");
	g_assert_true(gateway_receive(&g, &lease2));
	g_assert_cmpint(lease2.type, ==, CONTROL_LEASE);
	lease_started_for_sure(&g, &lease2);

	/* Its user may end it, another may not. */
	g_assert_false(core_session_end(f->core, ben, lease2.lease, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	g_assert_true(core_session_end(f->core, anna, lease2.lease, &error));
	lease_expect_end(&g, lease2.lease, "ended by its user");
	/* The gateway's own report comes after it, with the bytes. */
	lease_ended(&g, &lease2, NULL, 5, 6);
	/* And one that the books do not know is told to end. */
	lease_started(&g, &lease2);
	lease_expect_end(&g, lease2.lease, "does not know");
	row = lease_await_ended(f, lease2.lease);
	g_assert_cmpuint(row->bytes_out, ==, 6);
	lease_assert_audited(f, lease2.lease, "ended by its user", 6);
	gateway_close(&g);
	/* The one that was taken over has had no report: its line comes without. */
	core_fixture_restart(f);
	lease_assert_audited(f, lease.lease, "taken over", 0);
}

static void test_no_picture(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	g_auto(ControlMessage) lease = {0};
	g_autoptr(Ticket) ticket = NULL;

	f->core->times.connect = 5;
	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = lease_open(f, &g, "vnc", &lease);
	lease_expect_end(&g, lease.lease, "did not confirm");
	gateway_close(&g);
}

static void test_drop(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	g_auto(ControlMessage) lease = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(SessionView) row = NULL;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = lease_open(f, &g, "vnc", &lease);
	lease_started(&g, &lease);
	gateway_close(&g);
	row = lease_await_ended(f, lease.lease);
	g_assert_cmpstr(row->reason, ==, "gateway process ended");
	core_fixture_await(f, 0, "off"); /* and its desktop is made fresh */
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 1);
}

/* A tunnel broke: the gateway has come over another one before the end of the old one is seen. Only
 * what it has not named since ends with that. */
static void test_comes_back(CoreFixture *f, gconstpointer unused)
{
	Gateway old, now;
	g_auto(ControlMessage) lease = {0};
	g_auto(ControlMessage) lost = {0};
	g_auto(ControlMessage) answer = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(Ticket) other = NULL;
	g_autoptr(SessionView) first = NULL;
	g_autoptr(SessionView) second = NULL;
	ControlMessage redeem;

	core_fixture_pool(f, "lab", "floating", 2, 0);
	gateway_hello(&old, f);
	ticket = lease_open(f, &old, "vnc", &lease);
	lease_started_for_sure(&old, &lease);
	close(gateway_take_fd(&old));
	other = core_fixture_connect(f, "ben", "p-lab", "vnc");
	redeem = lease_redeem(other, "vnc");
	ask(&old, &redeem, &lost);
	lease_started_for_sure(&old, &lost);
	gateway_hello(&now, f);
	lease_started(&now, &lease);
	gateway_send(&now, &(ControlMessage){.type = CONTROL_LINKED,
					     .id = 7,
					     .lease = lease.lease,
					     .backend_id = 1});
	do { /* all gateways are told of the desktop, too */
		control_clear(&answer);
		g_assert_true(gateway_receive(&now, &answer));
	} while (answer.id != 7);
	gateway_close(&old);
	first = lease_await_ended(f, lost.lease);
	g_assert_cmpstr(first->reason, ==, "gateway process ended");
	lease_ended(&now, &lease, NULL, 1, 2);
	second = lease_await_ended(f, lease.lease);
	g_assert_cmpstr(second->reason, !=, "gateway process ended");
	gateway_close(&now);
}

/* What is told of other things comes in between. */
static void ask_between(Gateway *g, ControlMessage *request, ControlMessage *answer)
{
	request->id = 7;
	gateway_send(g, request);
	do {
		control_clear(answer);
		g_assert_true(gateway_receive(g, answer));
	} while (answer->id != 7);
}

/* Its end waits for the store, and meanwhile the same person comes again: its row and its line in
 * the audit log have what its gateway has said, also if that says it twice. */
static void test_late_store(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	Db *db = f->core->db;
	g_autoptr(GError) error = NULL;
	g_auto(ControlMessage) lease = {0};
	g_auto(ControlMessage) answer = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(Ticket) again = NULL;
	g_autoptr(SessionView) row = NULL;
	ControlMessage link, redeem;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = lease_open(f, &g, "vnc", &lease);
	close(gateway_take_fd(&g));
	lease_started_for_sure(&g, &lease);
	core_fixture_rest(f);
	g_assert_true(db_run(db, &error, "ALTER TABLE plan RENAME TO away"));
	lease_ended(&g, &lease, NULL, 5, 6);
	lease_ended_again(&g, &lease, 5, 6);
	link = (ControlMessage){.type = CONTROL_LINKED,
				.lease = lease.lease,
				.backend_id = 1}; /* it has read them */
	ask_between(&g, &link, &answer);
	g_assert_cmpuint(g.acknowledged, ==, 0);
	g_assert_true(db_run(db, &error, "ALTER TABLE away RENAME TO plan"));
	again = core_fixture_connect(f, "anna", "p-lab", "vnc");
	redeem = lease_redeem(again, "vnc");
	ask_between(&g, &redeem, &answer);
	g_assert_cmpint(answer.type, ==, CONTROL_LEASE);
	close(gateway_take_fd(&g));
	core_fixture_restart(f);
	row = lease_await_ended(f, lease.lease);
	g_assert_cmpuint(row->bytes_out, ==, 6);
	lease_assert_audited(f, lease.lease, "left", 6);
	gateway_close(&g);
}

/* Slow requests do not wait for each other; a gateway that leaves in the middle leaves nothing. */
static void test_many(CoreFixture *f, gconstpointer unused)
{
	enum { N = 24 };
	Gateway g;
	g_autoptr(GError) error = NULL;
	unsigned leases = 0;

	core_fixture_pool(f, "lab", "floating", N, 0);
	g_atomic_int_set(&fake.slow_ms, 200);
	gateway_hello(&g, f);
	for (guint i = 0; i < N; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);
		ControlMessage login = login_of(user, "right", NULL);

		login.id = 100 + i;
		gateway_send(&g, &login);
	}
	while (leases < N) {
		g_auto(ControlMessage) m = {0};

		g_assert_true(gateway_receive(&g, &m));
		/* Nobody confirms them: where that takes long the first are ended already. */
		g_assert_true(m.type == CONTROL_LEASE || m.type == CONTROL_END);
		leases += m.type == CONTROL_LEASE;
		if (g.received_fd >= 0)
			close(g.received_fd);
		g.received_fd = -1;
	}
	g_assert_cmpint(g_atomic_int_get(&fake.most), >, 2);
	for (guint i = 0; i < N; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);
		ControlMessage login = login_of(user, "right", NULL);

		login.id = 200 + i;
		gateway_send(&g, &login);
	}
	gateway_close(&g);
	for (gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;;) {
		g_autoptr(GPtrArray) live = core_sessions(f->core, NULL, TRUE, 0, &error);

		if (live->len == 0)
			break;
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_usleep(10000);
	}
}

typedef struct {
	unsigned leases, busy, denied;
} Answers;

static void count_answer(Gateway *g, Answers *answers)
{
	g_auto(ControlMessage) m = {0};

	g_assert_true(gateway_receive(g, &m));
	if (m.type == CONTROL_LEASE)
		answers->leases++;
	else if (g_str_equal(m.fault, "busy"))
		answers->busy++;
	else
		answers->denied++;
}

/* Strangers guess passwords as fast as they can: who has a ticket waits for none of them, nor does
 * who is one too many. */
static void test_flood(CoreFixture *f, gconstpointer unused)
{
	enum { N = 500, THREADS = 64, WAITING = 256 };
	Gateway g;
	g_autoptr(Ticket) ticket = NULL;
	ControlMessage login = login_of("eve", "slow", NULL);
	ControlMessage redeem;
	Answers answers = {0};

	core_fixture_pool(f, "lab", "floating", 1, 0);
	ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
	gateway_hello(&g, f);
	g_mutex_lock(&fake_pam_slow);
	/* From everywhere, as everybody: the back-off of refused logins has no part in this. */
	for (guint64 i = 0; i < N; i++) {
		g_autofree char *user = g_strdup_printf("eve%u", (unsigned)i);
		g_autofree char *peer = g_strdup_printf("[2001:db8:%x::1]:5000", (unsigned)i);

		login.id = 100 + i;
		login.user = user;
		login.peer = peer;
		gateway_send(&g, &login);
	}
	redeem = lease_redeem(ticket, "vnc");
	redeem.id = 7;
	gateway_send(&g, &redeem);
	while (answers.leases == 0 || answers.busy < N - THREADS - WAITING)
		count_answer(&g, &answers);
	g_assert_cmpuint(answers.denied, ==, 0);
	g_mutex_unlock(&fake_pam_slow);
	while (answers.busy + answers.denied < N)
		count_answer(&g, &answers);
	g_assert_cmpuint(answers.denied, >=, WAITING);
	gateway_close(&g);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                                \
	g_test_add("/gateway-ends/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("active", test_active);
	ADD("ends", test_ends);
	ADD("no-picture", test_no_picture);
	ADD("drop", test_drop);
	ADD("comes-back", test_comes_back);
	ADD("late-store", test_late_store);
	ADD("many", test_many);
	ADD("flood", test_flood);
	return g_test_run();
}
