/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Computers that are nobody's to start: who gets one, and who does not. */
#include "core-fixture.h"

#include "core_admin.h"
#include "fault.h"
#include "log.h"
#include "secret.h"
#include "sessions/session.h"
#include "store_desktop.h"

/* With a bridge, a desktop of one protocol is there for every client. */
static void bridge_shows_all(CoreFixture *f)
{
	g_autofree char *none = f->options->bridge;
	g_autoptr(DesktopView) card = NULL;

	f->options->bridge = (char *)"/usr/libexec/oriel-bridge";
	card = core_fixture_only_card(f, "anna");
	f->options->bridge = g_steal_pointer(&none);
	g_assert_cmpuint(g_strv_length(card->protocols), ==, 3);
	g_assert_true(g_strv_contains((const char *const *)card->protocols, "spice"));
}

static void test_machines(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *id = NULL;
	g_autofree char *lease = NULL;
	g_autofree char *lease2 = NULL;
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(Ticket) ticket2 = NULL;
	g_autoptr(DesktopView) card = NULL;
	const MachineSpec pc1 = {.pool = "desks",
				 .name = "pc1",
				 .protocol = "vnc",
				 .address = "pc1:5900",
				 .secret = "geheim"};

	core_fixture_pool(f, "desks", "machines", 0, 0);
	g_assert_true(core_machine_add(f->core, "root", &pc1, &id, &error));
	g_assert_false(core_machine_add(f->core, "root", &pc1, &lease, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	card = core_fixture_only_card(f, "anna");
	g_assert_cmpstr(card->id, ==, id);
	g_assert_cmpuint(g_strv_length(card->protocols), ==, 2);
	core_fixture_connect_fails(f, "anna", id, "spice", FAULT_DESKTOP);
	bridge_shows_all(f);

	ticket = core_fixture_connect(f, "anna", id, "vnc");
	lease = core_fixture_redeem(f, ticket, "vnc");
	core_fixture_connect_fails(f, "ben", id, "vnc", FAULT_BUSY);
	/* The same person from elsewhere: takes over. */
	ticket2 = core_fixture_connect(f, "anna", id, "web");
	lease2 = core_fixture_redeem(f, ticket2, "web");
	g_assert_false(session_end(f->core, lease, FAULT_ENDED, "gone already"));
	g_assert_true(session_end(f->core, lease2, FAULT_ENDED, "left"));
	for (int i = 0; i < 1200 && ticket2; i++) {
		g_autoptr(Who) who = core_fixture_who("ben");

		g_usleep(50000);
		ticket_free(g_steal_pointer(&ticket));
		ticket = core_connect(f->core, who, id, "vnc", "::1", NULL);
		if (ticket)
			ticket_free(g_steal_pointer(&ticket2));
	}
	g_assert_nonnull(ticket);
}

/* Nobody gets the computer at which somebody else sits, as it has said itself. */
static void test_machine_in_local_use(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *id = NULL;
	g_autofree char *lease = NULL;
	autosecret char *old = NULL;
	autosecret char *token = NULL;
	g_autoptr(Ticket) own = NULL;
	g_autoptr(Ticket) free_again = NULL;
	g_autoptr(DesktopView) card = NULL;
	const MachineSpec pc1 = {
		.pool = "desks", .name = "pc1", .protocol = "vnc", .address = "pc1:5900"};
	const MachineSpec wrong = {.pool = "desks",
				   .name = "pc2",
				   .protocol = "vnc",
				   .address = "pc2:5900",
				   .power = "wol:52:54"};

	core_fixture_pool(f, "desks", "machines", 0, 0);
	g_assert_false(core_machine_add(f->core, "root", &wrong, &id, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);
	g_assert_true(core_machine_add(f->core, "root", &pc1, &id, &error));
	old = core_machine_token(f->core, "root", id, &error);
	token = core_machine_token(f->core, "root", id, &error);
	g_assert_no_error(error);
	g_assert_false(core_machine_local(f->core, id, old, "bob", 60, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
	g_clear_error(&error);
	g_assert_false(core_machine_local(f->core, id, token, "b\nb", 60, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);

	g_assert_true(core_machine_local(f->core, id, token, "bob", 60, &error));
	core_fixture_connect_fails(f, "anna", id, "vnc", FAULT_BUSY);
	card = core_fixture_only_card(f, "anna");
	g_assert_cmpstr(card->detail, ==, "Somebody is sitting at it");
	own = core_fixture_connect(f, "bob", id, "vnc"); /* his own session, from home */
	lease = core_fixture_redeem(f, own, "vnc");
	g_assert_true(session_end(f->core, lease, FAULT_ENDED, "left"));
	g_assert_true(core_machine_local(f->core, id, token, NULL, 60, &error));
	for (int i = 0; i < 1200 && !free_again; i++) { /* until bob's grace is over */
		g_autoptr(Who) who = core_fixture_who("anna");

		g_usleep(50000);
		free_again = core_connect(f->core, who, id, "vnc", "::1", NULL);
	}
	g_assert_nonnull(free_again);
	g_assert_no_error(error);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                            \
	g_test_add("/machines/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("assigned", test_machines);
	ADD("in-local-use", test_machine_in_local_use);
	return g_test_run();
}
