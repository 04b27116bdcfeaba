/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who has signed in, and for how long: until they leave, it is too old, or they are banned. */
#include "core-fixture.h"

#include <unistd.h>

#include "core_admin.h"
#include "fake-lease.h"
#include "fault.h"
#include "log.h"
#include "people/ration.h"
#include "secret.h"

static void test_login(CoreFixture *f, gconstpointer unused)
{
	char *groups[] = {(char *)"wheel", NULL};
	g_autoptr(GError) error = NULL;
	autosecret char *token = core_login(f->core, "anna", groups, "::1", &error);
	g_autoptr(Who) who = core_who(f->core, token, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(who->user, ==, "anna");
	g_assert_true(who->admin);
	g_assert_true(core_logout(f->core, who, &error));
	g_assert_null(core_who(f->core, token, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
}

/* As if that login had begun so many minutes ago, and been used a second ago. */
static void login_began(CoreFixture *f, gint64 minutes)
{
	g_autoptr(GError) error = NULL;

	db_change(f->core->db, &error, "UPDATE login SET began_at = ?, expires_at = ?",
		  DB_INT(core_now() - minutes * 60), DB_INT(core_now() + 100));
	g_assert_no_error(error);
}

static gint64 login_ends(CoreFixture *f)
{
	g_autoptr(DbRows) rows = db_select(f->core->db, NULL,
					   "SELECT expires_at FROM login WHERE user_name = ?",
					   DB_TEXT("anna"));

	g_assert_true(db_rows_next(rows));
	return db_rows_int(rows, 0);
}

/* However much it is used, a login has an end: the groups that it began with are old by then. */
static void test_longest_login(CoreFixture *f, gconstpointer unused)
{
	char *groups[] = {(char *)"staff", NULL};
	g_autoptr(GError) error = NULL;
	autosecret char *token = core_login(f->core, "anna", groups, "::1", &error);
	g_autoptr(Who) early = NULL, late = NULL, endless = NULL;

	g_assert_no_error(error);
	login_began(f, 60);
	early = core_who(f->core, token, &error);
	g_assert_no_error(error);
	g_assert_cmpint(login_ends(f), >=, core_now() + 479 * 60);
	login_began(f, 700);
	late = core_who(f->core, token, &error);
	g_assert_no_error(error);
	g_assert_cmpint(login_ends(f), <=, core_now() + 20 * 60);
	g_assert_cmpint(login_ends(f), >, core_now() + 19 * 60);
	login_began(f, 720);
	g_assert_null(core_who(f->core, token, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
	g_clear_error(&error);
	/* What is said in the configuration counts for those that are there, too. */
	f->options->login_longest_minutes = 0;
	endless = core_who(f->core, token, &error);
	g_assert_no_error(error);
	f->options->login_longest_minutes = 30;
	login_began(f, 31);
	g_assert_null(core_who(f->core, token, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
}

/* A ban ends what somebody has signed in to before, however their name is written; lifted, it goes
 * on. */
static void test_banned(CoreFixture *f, gconstpointer unused)
{
	char *groups[] = {(char *)"staff", NULL};
	g_autoptr(GError) error = NULL;
	autosecret char *token = core_login(f->core, "anna", groups, "::1", &error);
	autosecret char *other = core_login(f->core, "ben", groups, "::1", &error);
	g_autoptr(Who) who = NULL, after = NULL, ben = NULL;

	core_fixture_pool(f, "lab", "floating", 2, 0);
	who = core_who(f->core, token, &error);
	g_assert_no_error(error);
	g_assert_true(core_ban(f->core, "root", "ANNA", NULL, 0, "left us", &error));
	g_assert_null(core_who(f->core, token, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
	g_clear_error(&error);
	g_assert_null(core_connect(f->core, who, "p-lab", "vnc", "::1", &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
	g_clear_error(&error);
	ben = core_who(f->core, other, &error);
	g_assert_no_error(error);
	ticket_free(core_fixture_connect(f, "ben", "p-lab", "vnc"));

	g_assert_true(core_unlock(f->core, "root", "anna", NULL, &error));
	after = core_who(f->core, token, &error);
	g_assert_no_error(error);
	ticket_free(core_fixture_connect(f, "anna", "p-lab", "vnc"));
}

/* Each is written down for good. */
static void test_again_and_again(CoreFixture *f, gconstpointer unused)
{
	char *groups[] = {NULL};
	g_autoptr(GError) error = NULL;
	autosecret char *ben = NULL;

	for (unsigned i = 0; i < RATION_MOST; i++) {
		autosecret char *token =
			core_login(f->core, i % 2 ? "anna" : "Anna", groups, "::1", &error);
		g_autoptr(Who) who = core_who(f->core, token, &error);

		g_assert_no_error(error);
		g_assert_true(core_logout(f->core, who, &error));
	}
	g_assert_null(core_login(f->core, "anna", groups, "::1", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);
	ben = core_login(f->core, "ben", groups, "::1", &error);
	g_assert_no_error(error);
}

static void test_ration(CoreFixture *f, gconstpointer unused)
{
	Ration *ration = ration_new();
	g_autoptr(GError) error = NULL;

	for (unsigned i = 0; i < RATION_MOST; i++)
		g_assert_true(ration_take(ration, "anna", 1000, &error));
	g_assert_false(ration_take(ration, "anna", 1000 + RATION_SECONDS - 1, &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);
	g_assert_true(ration_take(ration, "anna", 1000 + RATION_SECONDS, &error));
	g_assert_true(ration_take(ration, "anna", 500, &error)); /* the clock was put back */
	ration_free(ration);
}

/* An admin moves the session of one whose groups a provider of OpenID Connect told: this machine
 * knows nothing of them. */
static void test_moved(CoreFixture *f, gconstpointer unused)
{
	char *groups[] = {(char *)"staff", NULL};
	g_auto(ControlMessage) lease = {0};
	g_auto(ControlMessage) move = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(GError) error = NULL;
	autosecret char *token = NULL;
	Gateway g;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	core_fixture_pool(f, "den", "floating", 1, 0);
	gateway_hello(&g, f);
	token = core_login_by(f->core, "anna", groups, "::1", "oidc", &error);
	g_assert_no_error(error);
	ticket = lease_open(f, &g, "vnc", &lease);
	close(gateway_take_fd(&g));
	lease_started_for_sure(&g, &lease);
	g_assert_true(core_session_move(f->core, "root", lease.lease, "den", &error));
	g_assert_no_error(error);
	g_assert_true(gateway_receive(&g, &move));
	g_assert_cmpint(move.type, ==, CONTROL_MOVE);
	gateway_close(&g);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                             \
	g_test_add("/signed-in/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("login", test_login);
	ADD("longest", test_longest_login);
	ADD("banned", test_banned);
	ADD("again-and-again", test_again_and_again);
	ADD("ration", test_ration);
	ADD("moved", test_moved);
	return g_test_run();
}
