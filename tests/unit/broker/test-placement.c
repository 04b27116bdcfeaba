/* SPDX-License-Identifier: GPL-3.0-or-later */
/* placement: which host, and what becomes of desktops whose host goes away or is drained. A real
 * core with made-up hosts: one that is named in fake_dead() answers nothing. */
#include <string.h>

#include "core-fixture.h"
#include "desktops/desktop.h"
#include "fault.h"
#include "hosts/placement.h"
#include "log.h"
#include "secret.h"
#include "sessions/session.h"
#include "store_desktop.h"
#include "store_host.h"

/* What the three hosts have taken on of pool "lab" and of others. */
typedef struct {
	unsigned same, cpus, memory;
} Load;

static void take_on(CoreFixture *f, const char *host, const char *pool, Load load)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(db_run(f->core->db, &error,
			     "INSERT INTO host_load (host, pool, desktops, cpus, memory)"
			     " VALUES (?, ?, ?, ?, ?)",
			     DB_TEXT(host), DB_TEXT(pool), DB_INT(load.same), DB_INT(load.cpus),
			     DB_INT(load.memory)));
}

static void loads(CoreFixture *f, const char *how, unsigned apart, const Load *of)
{
	char *names[] = {(char *)"a", (char *)"b", (char *)"c", NULL};
	PoolHostsView hosts = {
		.pool = (char *)"lab", .hosts = names, .placement = (char *)how, .apart = apart};
	g_autoptr(GError) error = NULL;

	g_assert_true(store_host_set_pool(f->core->db, &hosts, &error));
	g_assert_true(db_run(f->core->db, &error, "DELETE FROM host_load"));
	for (int i = 0; i < 3; i++) {
		take_on(f, names[i], "", of[i]);
		take_on(f, names[i], "lab", of[i]);
		take_on(f, names[i], "other", (Load){7, 3, 5});
	}
}

static void chosen(CoreFixture *f, unsigned cpus, unsigned memory, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *host = NULL;

	g_assert_true(store_host_choose(f->core->db, "lab", "", NULL, cpus, memory, &host, &error));
	g_assert_cmpstr(host, ==, expected);
}

static void ratios(CoreFixture *f, const char *host, unsigned cpu, unsigned memory)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(db_run(f->core->db, &error,
			     "UPDATE host SET cpu_ratio = ?, memory_ratio = ? WHERE name = ?",
			     DB_INT(cpu), DB_INT(memory), DB_TEXT(host)));
}

static void test_choice(CoreFixture *f, gconstpointer unused)
{
	Load of[] = {{0, 0, 2048}, {0, 0, 4096}, {0, 0, 7168}};
	g_autoptr(GError) error = NULL;
	g_autofree char *host = NULL;

	core_fixture_pool(f, "lab", "floating", 9, 0);
	for (char name[] = "a"; *name <= 'c'; ++*name) {
		HostView view = {.name = name,
				 .provider = (char *)"qemu",
				 .uri = name,
				 .storage = (char *)(*name == 'c' ? "san" : NULL),
				 .cpus = 4,
				 .memory = 8192,
				 .cpu_ratio = 100,
				 .memory_ratio = 100};

		g_assert_true(store_host_put(f->core->db, &view, &error));
	}
	loads(f, "spread", 0, of);
	chosen(f, 1, 1024, "a");
	g_assert_true(store_host_choose(f->core->db, "lab", "", "san", 1, 1024, &host, &error));
	g_assert_cmpstr(host, ==, "c");
	loads(f, "pack", 0, of);
	chosen(f, 1, 1024, "c");
	chosen(f, 1, 2048, "b");
	chosen(f, 1, 6145, NULL);
	/* Fewest of the same pool first; never more than may be together. */
	of[0].same = 2;
	of[1].same = of[2].same = 1;
	loads(f, "spread", 0, of);
	chosen(f, 1, 1024, "b");
	loads(f, "pack", 2, of);
	chosen(f, 1, 1024, "c");
	loads(f, "pack", 1, of);
	chosen(f, 1, 1024, NULL);
	/* Processors count too, and more may be promised than there is. */
	of[2].cpus = 4;
	loads(f, "pack", 0, of);
	chosen(f, 1, 1024, "b");
	ratios(f, "c", 200, 100);
	chosen(f, 4, 1024, "c");
	chosen(f, 5, 1024, NULL);
	chosen(f, 1, 1025, "b");
	ratios(f, "c", 200, 150);
	loads(f, "spread", 0, of);
	chosen(f, 1, 5120, "c");
}

/* Hosts "a", "b", ... with that memory each, and a pool of kind on all of them. */
static void hosts_setup(CoreFixture *f, unsigned n, unsigned memory, const char *kind, unsigned max,
			unsigned spare)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	g_auto(GStrv) list = NULL;
	g_autoptr(GError) error = NULL;
	PoolHostsView hosts = {.pool = (char *)"lab"};

	for (unsigned i = 0; i < n; i++) {
		char name[] = {(char)('a' + i), '\0'};
		HostView host = {.name = name,
				 .provider = (char *)"qemu",
				 .uri = name,
				 .cpus = 64,
				 .memory = memory,
				 .storage = (char *)"san"};

		g_assert_true(core_host_add(f->core, "root", &host, &error));
		g_strv_builder_add(names, name);
	}
	list = g_strv_builder_end(names);
	core_fixture_pool(f, "lab", kind, max, 0);
	hosts.hosts = list;
	g_assert_true(core_pool_set_hosts(f->core, "root", &hosts, &error));
	g_assert_no_error(error);
	if (spare > 0)
		core_fixture_pool(f, "lab", kind, max, spare);
}

static HostView *host_of(CoreFixture *f, const char *desktop)
{
	gboolean placed;

	return store_host_of(f->core->db, desktop, &placed, NULL);
}

/* How many of the pool's desktops that host has; -1 = the books are wrong. */
static int on(CoreFixture *f, const char *name)
{
	g_autoptr(GPtrArray) hosts = core_hosts(f->core, NULL);
	g_autoptr(GPtrArray) ids = store_host_desktops(f->core->db, name, NULL);

	for (guint i = 0; i < hosts->len; i++) {
		const HostView *h = hosts->pdata[i];

		if (g_str_equal(h->name, name))
			return h->desktops == ids->len ? (int)ids->len : -1;
	}
	return -1;
}

static gboolean await(CoreFixture *f, const char *name, int n)
{
	for (int i = 0; i < 2400 && on(f, name) != n; i++)
		g_usleep(25000);
	return on(f, name) == n;
}

/* At least: a pool may for a moment have a spare too many. */
static gboolean await_some(CoreFixture *f, const char *name, int n)
{
	for (int i = 0; i < 2400 && on(f, name) < n; i++)
		g_usleep(25000);
	return on(f, name) >= n;
}

static void test_spreads_until_full(CoreFixture *f, gconstpointer unused)
{
	static const char *const people[] = {"ann", "ben", "cat", "dan"};
	g_autoptr(Who) eve = core_fixture_who("eve");
	const HostView twice = {
		.name = (char *)"c", .provider = (char *)"qemu", .uri = (char *)"a"};
	g_autoptr(GError) error = NULL;

	hosts_setup(f, 2, 2048, "dedicated", 10, 0); /* "tiny" takes 1024 */
	for (guint i = 0; i < G_N_ELEMENTS(people); i++)
		ticket_free(core_fixture_connect(f, people[i], "p-lab", "vnc"));
	g_assert_cmpint(on(f, "a"), ==, 2);
	g_assert_cmpint(on(f, "b"), ==, 2);
	g_assert_null(core_connect(f->core, eve, "p-lab", "vnc", "::1", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_assert_nonnull(strstr(error->message, "room"));
	g_clear_error(&error);
	g_assert_false(core_host_add(f->core, "root", &twice, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);
	g_assert_false(core_host_remove(f->core, "root", "a", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);
	g_assert_true(core_pool_remove(f->core, "root", "lab", &error));
	g_assert_cmpint(on(f, "a"), ==, 0);
	g_assert_true(core_host_remove(f->core, "root", "a", &error));
	g_assert_no_error(error);
}

/* Floating ones are made elsewhere; what was left behind goes when the host is back. */
static void test_floating_on_a_dead_host(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(Ticket) again = NULL;
	g_autoptr(HostView) first = NULL;
	g_autoptr(HostView) second = NULL;

	hosts_setup(f, 2, 8192, "floating", 8, 2);
	g_assert_true(await_some(f, "a", 1) && await_some(f, "b", 1));
	ticket = core_fixture_connect(f, "ann", "p-lab", "vnc");
	first = host_of(f, ticket->desktop_id);
	fake_dead(first->name);
	g_assert_true(await(f, first->name, 0));
	again = core_fixture_connect(f, "ann", "p-lab", "vnc");
	g_assert_cmpstr(again->desktop_id, !=, ticket->desktop_id);
	second = host_of(f, again->desktop_id);
	g_assert_cmpstr(second->name, !=, first->name);
	g_assert_cmpint(fake_state(ticket->desktop_id), ==, PROVIDER_RUNNING);
	fake_dead(NULL);
	for (int i = 0; i < 2400 && fake_state(ticket->desktop_id) != PROVIDER_ABSENT; i++)
		g_usleep(25000);
	g_assert_cmpint(fake_state(ticket->desktop_id), ==, PROVIDER_ABSENT);
}

/* A live session is left in peace, whatever the broker thinks of the host. */
static void test_session_on_a_dead_host(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(HostView) host = NULL;
	g_autofree char *lease = NULL;

	hosts_setup(f, 1, 8192, "floating", 2, 0);
	ticket = core_fixture_connect(f, "ann", "p-lab", "vnc");
	lease = core_fixture_redeem(f, ticket, "vnc");
	fake_dead("a");
	for (int i = 0; i < 2400; i++) {
		host_view_free(host);
		host = host_of(f, ticket->desktop_id);
		if (g_str_equal(host->state, "down"))
			break;
		g_usleep(25000);
	}
	g_assert_cmpstr(host->state, ==, "down");
	g_assert_cmpint(on(f, "a"), ==, 1);
	g_assert_true(session_end(f->core, lease, FAULT_ENDED, "left"));
	g_assert_true(await(f, "a", 0));
	fake_dead(NULL);
}

/* A dedicated one goes where its storage is, with what is on it. */
static void test_dedicated_on_a_dead_host(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(Ticket) again = NULL;
	g_autoptr(HostView) first = NULL;
	g_autoptr(HostView) second = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreDesktop) before = NULL;
	g_autoptr(StoreDesktop) after = NULL;

	hosts_setup(f, 2, 8192, "dedicated", 4, 0);
	ticket = core_fixture_connect(f, "ann", "p-lab", "vnc");
	first = host_of(f, ticket->desktop_id);
	before = store_desktop(f->core->db, ticket->desktop_id, &error);
	fake_dead(first->name);
	g_assert_true(await(f, first->name, 0));
	again = core_fixture_connect(f, "ann", "p-lab", "vnc");
	g_assert_cmpstr(again->desktop_id, ==, ticket->desktop_id);
	second = host_of(f, again->desktop_id);
	g_assert_cmpstr(second->name, !=, first->name);
	after = store_desktop(f->core->db, again->desktop_id, &error);
	g_assert_cmpstr(after->identity, ==, before->identity);
	g_assert_cmpint(g_atomic_int_get(&fake.adopts), ==, 1);
	fake_dead(NULL);
	g_assert_no_error(error);
}

static void test_drain(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	hosts_setup(f, 2, 8192, "floating", 8, 4);
	g_assert_true(await_some(f, "a", 2) && await_some(f, "b", 2));
	g_assert_true(core_host_drain(f->core, "root", "a", &error));
	g_assert_true(await(f, "a", 0) && await_some(f, "b", 4));
	for (int i = 0; i < 3; i++) {
		g_autofree char *user = g_strdup_printf("user%d", i);
		g_autoptr(Ticket) ticket = core_fixture_connect(f, user, "p-lab", "vnc");
		g_autoptr(HostView) host = host_of(f, ticket->desktop_id);

		g_assert_cmpstr(host->name, ==, "b");
	}
	g_assert_true(core_host_resume(f->core, "root", "a", &error));
	g_assert_no_error(error);
}

/* What runs goes to another host, and the session with it, a VNC viewer's and a SPICE one's. */
static void test_drain_moves(CoreFixture *f, gconstpointer spice)
{
	const char *protocol = spice ? "spice" : "vnc";
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(HostView) first = NULL;
	g_autoptr(HostView) second = NULL;
	g_autoptr(GPtrArray) live = NULL;
	g_autofree char *lease = NULL;
	g_autoptr(GError) error = NULL;

	hosts_setup(f, 2, 8192, "dedicated", 4, 0);
	ticket = core_fixture_connect(f, "ann", "p-lab", protocol);
	lease = core_fixture_redeem(f, ticket, protocol);
	first = host_of(f, ticket->desktop_id);
	g_atomic_int_set(&fake.fail_start, 1); /* the first try fails: it stays where it is */
	g_assert_true(core_host_drain(f->core, "root", first->name, &error));
	for (int i = 0; i < 2400 && g_atomic_int_get(&fake.moves) == 0; i++)
		g_usleep(25000);
	g_assert_true(await(f, first->name, 1));
	g_assert_cmpint(fake_state(ticket->desktop_id), ==, PROVIDER_RUNNING);
	g_atomic_int_set(&fake.fail_start, 0);
	g_assert_true(await(f, first->name, 0));
	second = host_of(f, ticket->desktop_id);
	g_assert_cmpstr(second->name, !=, first->name);
	for (int i = 0; i < 2400 && g_atomic_int_get(&fake.steps) > 0; i++)
		g_usleep(25000);
	g_assert_cmpint(fake_state(ticket->desktop_id), ==, PROVIDER_RUNNING);
	g_assert_cmpint(g_atomic_int_get(&fake.starts), ==, 1);
	live = core_sessions(f->core, NULL, TRUE, 10, &error);
	g_assert_cmpuint(live->len, ==, 1);
	g_assert_no_error(error);
}

#define ADD(name, test)                                                             \
	g_test_add("/placement/" name, CoreFixture, NULL, core_fixture_setup, test, \
		   core_fixture_teardown)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE);
	ADD("choice", test_choice);
	ADD("spreads-until-full", test_spreads_until_full);
	ADD("floating-on-a-dead-host", test_floating_on_a_dead_host);
	ADD("session-on-a-dead-host", test_session_on_a_dead_host);
	ADD("dedicated-on-a-dead-host", test_dedicated_on_a_dead_host);
	ADD("drain", test_drain);
	ADD("drain-moves", test_drain_moves);
	g_test_add("/placement/drain-moves-spice", CoreFixture, "spice", core_fixture_setup,
		   test_drain_moves, core_fixture_teardown);
	return g_test_run();
}
