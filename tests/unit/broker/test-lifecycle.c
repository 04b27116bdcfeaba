/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Assignment and the life of desktops, on a real core with a made-up provider: cards, tickets,
 * eight people at once, failures and what becomes of them.
 */
#include "core-fixture.h"

#include "core_admin.h"
#include "fault.h"
#include "log.h"
#include "secret.h"
#include "sessions/session.h"
#include "store_desktop.h"

static const Asker nobody = {"a connection", "test"};

static void test_dedicated(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(DesktopView) before = NULL;
	g_autoptr(DesktopView) after = NULL;
	g_autoptr(Ticket) first = NULL;
	g_autoptr(Ticket) second = NULL;

	core_fixture_pool(f, "office", "dedicated", 1, 0);
	before = core_fixture_only_card(f, "anna");
	g_assert_cmpstr(before->id, ==, "p-office");
	g_assert_cmpstr(before->state, ==, "off");
	g_assert_cmpuint(g_strv_length(before->protocols), ==, 3);

	first = core_fixture_connect(f, "anna", "p-office", "web");
	g_assert_cmpuint(strlen(first->ticket), ==, 43);
	after = core_fixture_only_card(f, "anna");
	g_assert_cmpstr(after->id, ==, first->desktop_id);
	g_assert_cmpstr(after->state, ==, "ready");
	g_assert_cmpstr(first->desktop_name, ==, "office-1");

	/* The same one again, by its id; nobody else gets it or another one. */
	second = core_fixture_connect(f, "anna", first->desktop_id, "spice");
	g_assert_cmpstr(second->desktop_id, ==, first->desktop_id);
	core_fixture_connect_fails(f, "ben", "p-office", "web", FAULT_BUSY);
	core_fixture_connect_fails(f, "ben", first->desktop_id, "web", FAULT_NOT_FOUND);
	core_fixture_connect_fails(f, "anna", "p-nowhere", "web", FAULT_NOT_FOUND);
	core_fixture_connect_fails(f, "anna", "p-office", "telnet", FAULT_CLIENT);
	g_assert_cmpint(fake.clones, ==, 1);
}

static void test_entitled(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Who) stranger = core_fixture_who("eve");
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) cards = NULL;

	core_fixture_pool(f, "office", "dedicated", 1, 0);
	g_strfreev(stranger->groups);
	stranger->groups = g_new0(char *, 1);
	cards = core_desktops(f->core, stranger, &error);
	g_assert_cmpuint(cards->len, ==, 0);
	g_assert_null(core_connect(f->core, stranger, "p-office", "web", "::1", &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
}

/* After the session: the same person finds it through the grace, then it is reset, and only then
 * somebody else may have it. */
static void test_floating(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) first = NULL;
	g_autoptr(Ticket) again = NULL;
	g_autoptr(Ticket) other = NULL;
	g_autofree char *lease = NULL;
	g_autofree char *lease2 = NULL;

	f->core->times.grace = 60;
	lease = core_fixture_lab(f, &first);
	core_fixture_await(f, 0, "in-use");
	g_assert_true(session_started(f->core, lease, &nobody));
	core_fixture_connect_fails(f, "ben", "p-lab", "vnc", FAULT_BUSY);

	session_end(f->core, lease, FAULT_ENDED, "left");
	core_fixture_connect_fails(f, "ben", "p-lab", "vnc", FAULT_BUSY);
	again = core_fixture_connect(f, "anna", "p-lab", "web");
	g_assert_cmpstr(again->desktop_id, ==, first->desktop_id);
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 0);
	lease2 = core_fixture_redeem(f, again, "web");
	f->core->times.grace = 1;
	session_end(f->core, lease2, FAULT_ENDED, "left");
	core_fixture_await(f, 0, "off");
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 1);
	other = core_fixture_connect(f, "ben", "p-lab", "vnc");
	g_assert_cmpstr(other->desktop_id, ==, first->desktop_id);
}

/* Who clicks while the only one is being made fresh gets it when it is. */
static void test_waits_for_fresh(CoreFixture *f, gconstpointer unused)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	g_autoptr(Ticket) first = NULL;
	g_autoptr(Ticket) other = NULL;
	g_autofree char *lease = NULL;

	lease = core_fixture_lab(f, &first);
	g_atomic_int_set(&fake.slow_ms, 1000);
	session_end(f->core, lease, FAULT_ENDED, "left");
	while (g_atomic_int_get(&fake.resets) == 0 && g_get_monotonic_time() < deadline)
		g_usleep(1000);
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 1); /* begun */
	g_atomic_int_set(&fake.slow_ms, 0);
	other = core_fixture_connect(f, "ben", "p-lab", "vnc");
	g_assert_cmpstr(other->desktop_id, ==, first->desktop_id);
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 1);
	g_assert_cmpint(g_atomic_int_get(&fake.overlaps), ==, 0);
}

/* A ticket that nobody used gives the desktop back without a reset. */
static void test_unused(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) first = NULL;
	g_autoptr(Ticket) other = NULL;
	gint64 deadline;

	f->options->ticket_seconds = 1;
	core_fixture_pool(f, "lab", "floating", 1, 0);
	first = core_fixture_connect(f, "anna", "p-lab", "vnc");
	deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	while (!other && g_get_monotonic_time() < deadline) {
		g_autoptr(Who) who = core_fixture_who("ben");

		g_usleep(50000);
		other = core_connect(f->core, who, "p-lab", "vnc", "::1", NULL);
	}
	g_assert_nonnull(other);
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 0);
}

/* A reset that proves nothing keeps the desktop away from everybody, and is tried again. */
static void test_unproven_reset(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) first = NULL;
	g_autoptr(Ticket) other = NULL;
	g_autofree char *lease = NULL;

	lease = core_fixture_lab(f, &first);
	g_atomic_int_set(&fake.same_identity, 1);
	session_end(f->core, lease, FAULT_ENDED, "left");
	core_fixture_await(f, 0, "failed");
	core_fixture_connect_fails(f, "ben", "p-lab", "vnc", FAULT_BUSY);
	g_atomic_int_set(&fake.same_identity, 0);
	g_atomic_int_set(&fake.fail_reset, 1);
	core_fixture_connect_fails(f, "ben", "p-lab", "vnc", FAULT_BUSY);
	g_atomic_int_set(&fake.fail_reset, 0);
	core_fixture_await(f, 0, "off");
	other = core_fixture_connect(f, "ben", "p-lab", "vnc");
}

static void test_failures(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) desktops = NULL;
	g_autoptr(DesktopView) card = NULL;
	int *steps[] = {&fake.fail_clone, &fake.fail_start, &fake.fail_display};

	core_fixture_pool(f, "office", "dedicated", 1, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_atomic_int_set(steps[i], 1);
		core_fixture_connect_fails(f, "anna", "p-office", "web", FAULT_DESKTOP);
		core_fixture_await(f, 0, "failed");
		g_atomic_int_set(steps[i], 0);
	}
	/* The admin reads the reason, the person the fault's words. */
	desktops = core_admin_desktops(f->core, &error);
	g_assert_nonnull(
		strstr(((AdminDesktopView *)desktops->pdata[0])->detail, "display failed"));
	card = core_fixture_only_card(f, "anna");
	g_assert_cmpstr(card->detail, ==, fault_info(FAULT_DESKTOP)->words);
	/* And a click tries again. */
	ticket_free(core_fixture_connect(f, "anna", "p-office", "web"));
	g_assert_cmpint(fake.clones, ==, 2);
}

static void test_spares(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) ticket = NULL;
	int starts;

	core_fixture_pool(f, "lab", "floating", 3, 2);
	core_fixture_await(f, 0, "ready");
	core_fixture_await(f, 1, "ready");
	starts = g_atomic_int_get(&fake.starts);
	ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
	core_fixture_await(f, 2, "ready"); /* another one for the one that went */
	g_assert_cmpint(g_atomic_int_get(&fake.starts), ==, starts + 1);
	/* One that dies comes back. */
	fake_crash(ticket->desktop_id);
	core_fixture_await(f, 0, "off");
}

/* A broken image makes one failed desktop for each spare, not a pool full. */
static void test_broken_image(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *third = NULL;

	g_atomic_int_set(&fake.fail_start, 1);
	core_fixture_pool(f, "lab", "floating", 5, 1);
	core_fixture_await(f, 0, "failed");
	while (g_atomic_int_get(&fake.starts) < 3)
		g_usleep(10000);
	third = core_fixture_state(f, 1);
	g_assert_cmpstr(third, ==, "");
	g_atomic_int_set(&fake.fail_start, 0);
	core_fixture_await(f, 0, "ready");
}

typedef struct {
	CoreFixture *f;
	char user[16];
	char *got;
	Fault fault; /* of who got none */
} Person;

static gpointer click(gpointer data)
{
	Person *p = data;
	g_autoptr(Who) who = core_fixture_who(p->user);
	g_autoptr(GError) error = NULL;
	g_autoptr(Ticket) ticket = core_connect(p->f->core, who, "p-lab", "vnc", "::1", &error);

	p->got = ticket ? g_strdup(ticket->desktop_id) : NULL;
	p->fault = ticket ? FAULT_ENDED : fault_code(error);
	return NULL;
}

/* Who may have it no more when it has started at last gets no ticket. */
static void test_right_lost_meanwhile(CoreFixture *f, gconstpointer unused)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	const EntitlementView staff = {.pool = (char *)"lab", .group = (char *)"staff"};
	Person anna = {.f = f, .user = "anna"};
	g_autoptr(GError) error = NULL;
	GThread *thread;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	g_atomic_int_set(&fake.slow_ms, 500);
	thread = g_thread_new("click", click, &anna);
	while (g_atomic_int_get(&fake.starts) == 0 && g_get_monotonic_time() < deadline)
		g_usleep(1000);
	g_assert_cmpint(g_atomic_int_get(&fake.starts), ==, 1); /* begun */
	core_unentitle(f->core, "root", &staff, &error);
	g_assert_no_error(error);
	g_atomic_int_set(&fake.slow_ms, 0);
	g_thread_join(thread);
	g_assert_null(anna.got);
	g_assert_cmpint(anna.fault, ==, FAULT_NOT_FOUND);
}

/* A guest that takes its time: the card says what is being waited for. */
static void test_progress(CoreFixture *f, gconstpointer unused)
{
	Person anna = {.f = f, .user = "anna"};
	gboolean seen = FALSE;
	GThread *thread;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	g_atomic_int_set(&fake.late_display, 1);
	thread = g_thread_new("click", click, &anna);
	while (!seen && g_atomic_int_get(&fake.starts) < 2) {
		g_autoptr(DesktopView) card = core_fixture_only_card(f, "anna");

		seen = g_str_equal(card->state, "starting") &&
		       g_str_equal(card->detail, "Waiting for its display");
		g_assert_cmpstr(card->state, !=, "ready");
		g_usleep(10000);
	}
	g_assert_true(seen);
	g_thread_join(thread);
	g_assert_nonnull(anna.got);
	g_free(anna.got);
	core_fixture_await(f, 0, "ready");
}

static void test_eight_at_once(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GHashTable) given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Person people[8] = {0};
	GThread *threads[8];
	unsigned lucky = 0;

	g_atomic_int_set(&fake.slow_ms, 5);
	core_fixture_pool(f, "lab", "floating", 5, 2);
	for (unsigned i = 0; i < 8; i++) {
		people[i].f = f;
		g_snprintf(people[i].user, sizeof people[i].user, "user%u", i);
		threads[i] = g_thread_new("click", click, &people[i]);
	}
	for (unsigned i = 0; i < 8; i++) {
		g_thread_join(threads[i]);
		if (!people[i].got)
			continue;
		lucky++;
		g_assert_true(g_hash_table_add(given, people[i].got));
	}
	g_assert_cmpuint(lucky, ==, 5);
}

static void test_admin(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Ticket) ticket = NULL;
	g_autofree char *lease = NULL;
	g_autoptr(GPtrArray) audit = NULL;

	core_fixture_pool(f, "office", "dedicated", 1, 0);
	ticket = core_fixture_connect(f, "anna", "p-office", "vnc");
	lease = core_fixture_redeem(f, ticket, "vnc");
	g_assert_false(core_pool_remove(f->core, "root", "office", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);
	g_assert_false(core_desktop_action(f->core, "root", ticket->desktop_id, "release", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);
	g_assert_true(core_desktop_action(f->core, "root", ticket->desktop_id, "stop", &error));
	g_assert_cmpint(fake_state(ticket->desktop_id), ==, PROVIDER_STOPPED);
	g_assert_false(session_started(f->core, lease, &nobody));

	/* Released: the next owner gets it after a reset, not before. */
	g_assert_true(core_desktop_action(f->core, "root", ticket->desktop_id, "release", &error));
	while (g_atomic_int_get(&fake.resets) == 0)
		g_usleep(10000);
	core_fixture_await(f, 0, "off");
	ticket_free(core_fixture_connect(f, "ben", "p-office", "vnc"));

	g_assert_true(core_pool_remove(f->core, "root", "office", &error));
	g_assert_cmpuint(fake_count(), ==, 0);
	audit = core_audit(f->core, 0, 100, NULL, &error);
	g_assert_cmpstr(((AuditView *)audit->pdata[0])->detail, ==, "pool remove office");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                             \
	g_test_add("/lifecycle/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("entitled", test_entitled);
	ADD("dedicated", test_dedicated);
	ADD("floating", test_floating);
	ADD("unused-ticket", test_unused);
	ADD("waits-for-fresh", test_waits_for_fresh);
	ADD("right-lost-meanwhile", test_right_lost_meanwhile);
	ADD("unproven-reset", test_unproven_reset);
	ADD("failures", test_failures);
	ADD("spares", test_spares);
	ADD("broken-image", test_broken_image);
	ADD("progress", test_progress);
	ADD("eight-at-once", test_eight_at_once);
	ADD("admin", test_admin);
	return g_test_run();
}
