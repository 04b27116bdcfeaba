/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much people and pools may have, on a real core with a made-up provider. */
#include "core-fixture.h"
#include "core_admin.h"
#include "fault.h"
#include "log.h"
#include "secret.h"
#include "sessions/session.h"

static void set(CoreFixture *f, QuotaView quota)
{
	g_autoptr(GError) error = NULL;

	core_quota_set(f->core, "root", &quota, &error);
	g_assert_no_error(error);
}

#define QUOTA(kind_, name_, ...)                                              \
	(QuotaView)                                                           \
	{                                                                     \
		.kind = (char *)(kind_), .name = (char *)(name_), __VA_ARGS__ \
	}

static void refused(CoreFixture *f, const char *user, const char *card, Fault code)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;

	g_assert_null(core_connect(f->core, who, card, "vnc", "::1", &error));
	g_assert_error(error, FAULT, (int)code);
}

/* The id of the desktop. */
static char *given(CoreFixture *f, const char *user, const char *card)
{
	g_autoptr(Ticket) ticket = core_fixture_connect(f, user, card, "vnc");

	return g_strdup(ticket->desktop_id);
}

/* A session there; its id. */
static char *session(CoreFixture *f, const char *user, const char *card)
{
	g_autoptr(Ticket) ticket = core_fixture_connect(f, user, card, "vnc");

	return core_fixture_redeem(f, ticket, "vnc");
}

static void test_desktops(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	core_fixture_pool(f, "a", "dedicated", 5, 0);
	core_fixture_pool(f, "b", "dedicated", 5, 0);
	set(f, QUOTA("user", "*", .desktops = 1));
	g_free(given(f, "anna", "p-a"));
	refused(f, "anna", "p-b", FAULT_QUOTA);
	g_free(given(f, "anna", "p-a")); /* what they have they keep */
	g_free(given(f, "ben", "p-b"));

	set(f, QUOTA("group", "staff", .desktops = 2));
	g_free(given(f, "anna", "p-b"));
	set(f, QUOTA("user", "ben", .desktops = 1));
	refused(f, "ben", "p-a", FAULT_QUOTA); /* their own counts, also if it is less */
	core_quota_remove(f->core, "root", "user", "ben", &error);
	g_assert_no_error(error);
	g_free(given(f, "ben", "p-a"));

	set(f, QUOTA("pool", "b", .desktops = 2));
	refused(f, "carla", "p-b", FAULT_QUOTA);
	g_free(given(f, "carla", "p-a"));
	g_assert_false(core_quota_remove(f->core, "root", "user", "ben", &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
}

/* A desktop that was asked for counts before its session is there, and one that was left
 * does not. */
static void test_sessions(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *lease = NULL;
	g_autofree char *again = NULL;

	core_fixture_pool(f, "a", "floating", 5, 0);
	core_fixture_pool(f, "b", "floating", 5, 2);
	set(f, QUOTA("user", "anna", .sessions = 1));
	set(f, QUOTA("pool", "b", .sessions = 1));
	g_free(given(f, "anna", "p-a"));
	refused(f, "anna", "p-b", FAULT_QUOTA);
	lease = session(f, "anna", "p-a");
	refused(f, "anna", "p-b", FAULT_QUOTA);
	again = session(f, "anna", "p-a"); /* the same desktop, from another place */
	session_end(f->core, again, FAULT_ENDED, "left");
	g_free(session(f, "anna", "p-b")); /* while the other one is still hers for a moment */
	refused(f, "ben", "p-b", FAULT_QUOTA);
	g_free(given(f, "ben", "p-a"));
}

/* A start that failed gives back what it took. */
static void test_memory(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = NULL;
	g_autoptr(GError) error = NULL;

	core_fixture_pool(f, "a", "dedicated", 5, 0); /* 1024 MiB and a processor each */
	core_fixture_pool(f, "b", "dedicated", 5, 0);
	set(f, QUOTA("user", "*", .memory = 2000));
	g_atomic_int_set(&fake.fail_start, 1);
	refused(f, "anna", "p-a", FAULT_DESKTOP);
	g_atomic_int_set(&fake.fail_start, 0);
	id = given(f, "anna", "p-b");
	refused(f, "anna", "p-a", FAULT_QUOTA);
	g_free(given(f, "anna", id));
	core_desktop_action(f->core, "root", id, "stop", &error);
	g_assert_no_error(error);
	g_free(session(f, "ben", "p-a"));
	set(f, QUOTA("user", "*", .cpus = 1));
	refused(f, "ben", "p-b", FAULT_QUOTA);
	set(f, QUOTA("user", "*", .cpus = 2));
	g_free(given(f, "ben", "p-b"));
}

/* Each is written down for good: a program that asks without end must not fill the disk. */
static void test_tickets(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = NULL;
	g_autoptr(GError) error = NULL;

	core_fixture_pool(f, "a", "dedicated", 5, 0);
	core_fixture_pool(f, "b", "dedicated", 5, 0);
	id = given(f, "anna", "p-a");
	for (unsigned i = 1; i < 300; i++)
		g_free(given(f, "anna", "p-a"));
	refused(f, "anna", "p-a", FAULT_BUSY);
	refused(f, "anna", id, FAULT_BUSY);
	g_free(given(f, "anna", "p-b"));
	g_free(given(f, "ben", "p-a"));
	db_change(f->core->db, &error,
		  "UPDATE ticket SET expires_at = expires_at - 301, used_at = 1");
	g_assert_no_error(error);
	g_free(given(f, "anna", "p-a"));
}

static gboolean signed_in(CoreFixture *f, const char *token)
{
	g_autoptr(Who) who = core_who(f->core, token, NULL);

	return who != NULL;
}

/* Who signs in again and again, and never out, ends the oldest of it. */
static void test_logins(CoreFixture *f, gconstpointer unused)
{
	char *groups[] = {NULL};
	g_autoptr(GError) error = NULL;
	autosecret char *first = core_login(f->core, "anna", groups, "::1", &error);
	autosecret char *other = core_login(f->core, "ben", groups, "::1", &error);
	autosecret char *last = NULL;

	g_assert_no_error(error);
	db_change(f->core->db, &error, "UPDATE login SET expires_at = expires_at - 1");
	for (unsigned i = 1; i < 100; i++) {
		secret_free(last);
		last = core_login(f->core, "anna", groups, "::1", &error);
		g_assert_no_error(error);
	}
	g_assert_true(signed_in(f, first));
	secret_free(core_login(f->core, "anna", groups, "::1", &error));
	g_assert_no_error(error);
	g_assert_false(signed_in(f, first));
	g_assert_true(signed_in(f, other));
	g_assert_true(signed_in(f, last));
}

static void test_set(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = NULL;
	QuotaView odd = QUOTA("colour", "red", .desktops = 1);

	g_assert_false(core_quota_set(f->core, "root", &odd, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);
	set(f, QUOTA("pool", "a", .desktops = 3));
	set(f, QUOTA("pool", "a", .cpus = 7));
	all = core_quotas(f->core, &error);
	g_assert_cmpuint(all->len, ==, 1);
	g_assert_cmpuint(((QuotaView *)all->pdata[0])->desktops, ==, 0);
	g_assert_cmpuint(((QuotaView *)all->pdata[0])->cpus, ==, 7);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                          \
	g_test_add("/quotas/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("set", test_set);
	ADD("desktops", test_desktops);
	ADD("sessions", test_sessions);
	ADD("memory", test_memory);
	ADD("tickets", test_tickets);
	ADD("logins", test_logins);
	return g_test_run();
}
