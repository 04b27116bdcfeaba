/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lobbies, from both of their sides: a gateway that asks for them, and a person in one, who speaks
 * through a lobby that draws nothing (fake-lobby.c). A real core and real processes in between.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"
#include "foyer.h"
#include "log.h"
#include "sessions/sessions.h"

/* ---- the gateway */

static ControlMessage lobby_of(const char *lease)
{
	return (ControlMessage){.type = CONTROL_LOBBY,
				.protocol = (char *)"vnc",
				.peer = (char *)"192.0.2.1:5000",
				.lease = (char *)lease};
}

/* Asks, and the answer must be a lobby's lease. */
static void enter(Foyer *x, ControlMessage *request, const char *user)
{
	g_auto(ControlMessage) lease = {0};

	if (x->client >= 0)
		close(x->client);
	ask(&x->g, request, &lease);
	g_assert_cmpint(lease.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(lease.user, ==, user);
	g_assert_null(lease.desktop);
	g_assert_cmpstr(lease.endpoint.protocol, ==, "vnc");
	g_assert_true(lease.endpoint.has_fd);
	x->client = gateway_take_fd(&x->g);
	g_free(x->lease);
	x->lease = g_steal_pointer(&lease.lease);
	foyer_note(x, CONTROL_STARTED, x->lease);
}

/* ---- the person */

static void sign_in(Foyer *x, const char *user, const char *password)
{
	foyer_say(x, &(LobbyMessage){.type = LOBBY_LOGIN,
				     .user = (char *)user,
				     .password = (char *)password});
}

static void choose(Foyer *x, const char *card)
{
	foyer_say(x, &(LobbyMessage){.type = LOBBY_CHOOSE, .desktop = (char *)card});
}

static void another_desktop(Foyer *x)
{
	core_fixture_pool(&x->f, "own", "dedicated", 2, 0);
}

/* ---- signing in */

static void test_stranger(Foyer *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	g_auto(LobbyMessage) open = {0};
	g_auto(LobbyMessage) refused = {0};
	g_autofree char *lease = NULL;

	enter(x, &request, NULL);
	foyer_hear(x, LOBBY_OPEN, &open);
	g_assert_null(open.user);
	for (unsigned i = 0; i < 3; i++) {
		lobby_clear(&refused);
		sign_in(x, "anna", "wrong");
		foyer_hear(x, LOBBY_ERROR, &refused);
		g_assert_nonnull(strstr(refused.text, "refused"));
	}
	sign_in(x, "anna", "right");
	lobby_clear(&open);
	foyer_hear(x, LOBBY_OPEN, &open);
	g_assert_cmpstr(open.user, ==, "anna");
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
	foyer_expect(x, LOBBY_PROGRESS); /* one desktop is no choice */
	lease = foyer_moved(x, "lab-1");
	lease_await_live(&x->f, lease);
}

/* Who guesses reads when to try again; on a slow machine the first wait may be over by then. */
static void test_held(Foyer *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	gboolean held = FALSE;

	enter(x, &request, NULL);
	foyer_expect(x, LOBBY_OPEN);
	for (unsigned i = 0; i < 12 && !held; i++) {
		g_auto(LobbyMessage) refused = {0};

		sign_in(x, "anna", "wrong");
		foyer_hear(x, LOBBY_ERROR, &refused);
		held = g_str_has_prefix(refused.text, "Too many attempts. Please try again in ");
		g_assert_true(held || strstr(refused.text, "refused"));
	}
	g_assert_true(held);
}

static void test_code(Foyer *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	char *bad[] = {(char *)"456", NULL}, *good[] = {(char *)"123", NULL};
	g_auto(LobbyMessage) prompts = {0};
	const LobbyPrompt *code;

	another_desktop(x);
	enter(x, &request, NULL);
	foyer_expect(x, LOBBY_OPEN);
	for (unsigned i = 0; i < 2; i++) {
		lobby_clear(&prompts);
		sign_in(x, "otto", "right");
		foyer_hear(x, LOBBY_PROMPTS_ARE, &prompts);
		code = prompts.prompts->pdata[0];
		g_assert_cmpstr(code->text, ==, "Code: ");
		g_assert_true(code->question && code->echo);
		foyer_say(x, &(LobbyMessage){.type = LOBBY_ANSWERS, .answers = i ? good : bad});
		foyer_expect(x, LOBBY_OPEN); /* again, or with the name */
		foyer_expect(x, i ? LOBBY_DESKTOPS_ARE : LOBBY_ERROR);
	}
	foyer_say(x, &(LobbyMessage){.type = LOBBY_SIGNOUT});
	foyer_expect(x, LOBBY_OPEN);
	/* Out of the questions, which end with it. */
	sign_in(x, "otto", "right");
	foyer_expect(x, LOBBY_PROMPTS_ARE);
	foyer_say(x, &(LobbyMessage){.type = LOBBY_CANCEL});
	foyer_expect(x, LOBBY_OPEN);
	/* Words that do not belong to the screen, and those that do. */
	foyer_say(x, &(LobbyMessage){.type = LOBBY_ANSWERS, .answers = good});
	choose(x, "p-lab");
	sign_in(x, "", "right");
	foyer_expect(x, LOBBY_ERROR);
}

/* The password goes to a question of its own, never to one of two. */
static void test_two_questions(Foyer *x, gconstpointer unused)
{
	ControlMessage login = login_of("both", "right", NULL);
	g_auto(LobbyMessage) prompts = {0};

	enter(x, &login, NULL);
	foyer_expect(x, LOBBY_OPEN);
	foyer_hear(x, LOBBY_PROMPTS_ARE, &prompts);
	g_assert_cmpuint(prompts.prompts->len, ==, 3);
	g_assert_false(((LobbyPrompt *)prompts.prompts->pdata[0])->question);
	g_assert_false(((LobbyPrompt *)prompts.prompts->pdata[1])->echo);
}

/* Native viewers that bring a name: only what that does not settle is asked. */
static void test_native(Foyer *x, gconstpointer unused)
{
	ControlMessage wrong = login_of("otto", "wrong", NULL);
	ControlMessage code = login_of("otto", "right", NULL);
	ControlMessage anna = login_of("anna", "right", NULL);
	char *good[] = {(char *)"123", NULL};
	g_auto(LobbyMessage) open = {0};
	g_auto(LobbyMessage) list = {0};
	g_autofree char *lease = NULL;

	ask_refused(&x->g, &wrong, "denied");
	enter(x, &code, NULL);
	foyer_expect(x, LOBBY_OPEN);
	foyer_expect(x, LOBBY_PROMPTS_ARE);
	foyer_say(x, &(LobbyMessage){.type = LOBBY_ANSWERS, .answers = good});
	foyer_expect(x, LOBBY_OPEN);
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
	lease = foyer_moved(x, "lab-1");
	another_desktop(x);
	enter(x, &anna, "anna");
	foyer_hear(x, LOBBY_OPEN, &open);
	g_assert_cmpstr(open.user, ==, "anna");
	foyer_hear(x, LOBBY_DESKTOPS_ARE, &list);
	g_assert_cmpuint(list.desktops->len, ==, 2);
}

static void test_not_allowed(Foyer *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	ControlMessage code = login_of("otto", "right", NULL);

	x->f.options->vnc_lobby = FALSE;
	ask_refused(&x->g, &request, "denied");
	g_free(x->f.options->lobby);
	x->f.options->lobby = g_strdup("");
	x->f.options->vnc_lobby = TRUE;
	ask_refused(&x->g, &request, "denied");
	ask_refused(&x->g, &code, "denied"); /* use the web page */
}

static void test_too_many(Foyer *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	ControlMessage other = lobby_of(NULL);
	ControlMessage anna = login_of("anna", "right", NULL);
	g_auto(ControlMessage) answer = {0};

	another_desktop(x);
	x->f.options->max_lobbies_per_address = 1;
	x->f.options->max_lobbies = 2;
	enter(x, &request, NULL);
	foyer_expect(x, LOBBY_OPEN);
	ask_refused(&x->g, &request, "busy");
	other.peer = (char *)"[2001:db8::1]:5000";
	ask(&x->g, &other, &answer);
	g_assert_cmpint(answer.type, ==, CONTROL_LEASE);
	other.peer = (char *)"[2001:db8:1::1]:5000";
	ask_refused(&x->g, &other, "busy");
	/* Who is known is not kept out by strangers. */
	close(gateway_take_fd(&x->g));
	enter(x, &anna, "anna");
	foyer_expect(x, LOBBY_OPEN);
}

/* ---- a desktop */

static void test_start_fails(Foyer *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL);
	g_auto(LobbyMessage) error = {0};
	g_autofree char *lease = NULL;

	another_desktop(x);
	enter(x, &anna, "anna");
	foyer_expect(x, LOBBY_OPEN);
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
	g_atomic_int_set(&fake.fail_start, 1000);
	choose(x, "p-lab");
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
	foyer_hear(x, LOBBY_ERROR, &error);
	g_assert_cmpstr(error.text, ==, fault_info(FAULT_DESKTOP)->words);
	lobby_clear(&error);
	choose(x, "p-nowhere");
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
	foyer_expect(x, LOBBY_ERROR);
	g_atomic_int_set(&fake.fail_start, 0);
	choose(x, "p-own");
	lease = foyer_moved(x, "own-1");
}

/* A change of mind while the first one starts. */
static void test_give_up(Foyer *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL);
	g_autofree char *lease = NULL;

	another_desktop(x);
	g_atomic_int_set(&fake.slow_ms, 300);
	enter(x, &anna, "anna");
	foyer_expect(x, LOBBY_OPEN);
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
	choose(x, "p-lab");
	foyer_expect(x, LOBBY_PROGRESS);
	foyer_say(x, &(LobbyMessage){.type = LOBBY_CANCEL});
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
	choose(x, "p-own");
	lease = foyer_moved(x, "own-1");
	lease_await_live(&x->f, lease);
}

/* ---- coming back */

static void test_return(Foyer *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL), back;
	g_auto(ControlMessage) lease = {0};
	g_auto(LobbyMessage) open = {0};
	g_autofree char *second = NULL;
	Gateway other;

	ask(&x->g, &anna, &lease); /* one desktop: straight to it */
	foyer_note(x, CONTROL_STARTED, lease.lease);
	foyer_end_session(x, lease.lease);
	back = lobby_of(lease.lease);
	gateway_hello(&other, &x->f);
	ask_refused(&other, &back, "ended");
	gateway_close(&other);
	/* Who asked in its stead, and every gateway is told that name, has spoilt nothing. */
	close(gateway_take_fd(&x->g));
	enter(x, &back, "anna");
	foyer_hear(x, LOBBY_OPEN, &open);
	g_assert_cmpstr(open.user, ==, "anna");
	g_assert_nonnull(strstr(open.text, "has ended"));
	g_assert_cmpstr(open.hint, ==, "Ended by an administrator.");
	foyer_expect(x, LOBBY_DESKTOPS_ARE); /* no round in circles: one is a choice now */
	ask_refused(&x->g, &back, "ended");
	choose(x, "p-lab");
	second = foyer_moved(x, "lab-1");
	/* And back from there. */
	foyer_end_session(x, second);
	back = lobby_of(second);
	enter(x, &back, "anna");
}

/* When the person of that lease signed in, in minutes ago; `more` puts it back by so much. */
static gint64 signed_in(Foyer *x, const char *lease, gint64 more)
{
	Sessions *sessions = x->f.core->sessions;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sessions->lock);
	Lease *found = g_hash_table_lookup(sessions->by_id, lease);

	g_assert_nonnull(found);
	found->since -= more * 60;
	return (core_now() - found->since) / 60;
}

/* From one session to the next, always by the lobby, a sign-in lasts no longer than on the page. */
static void test_return_too_late(Foyer *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL), back;
	g_auto(ControlMessage) lease = {0};
	g_autofree char *second = NULL;

	ask(&x->g, &anna, &lease);
	close(gateway_take_fd(&x->g));
	foyer_note(x, CONTROL_STARTED, lease.lease);
	g_assert_cmpint(signed_in(x, lease.lease, 700), ==, 700);
	foyer_end_session(x, lease.lease);
	back = lobby_of(lease.lease);
	enter(x, &back, "anna");
	foyer_expect(x, LOBBY_OPEN);
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
	choose(x, "p-lab");
	second = foyer_moved(x, "lab-1");
	g_assert_cmpint(signed_in(x, second, 20), ==, 720);
	foyer_end_session(x, second);
	back = lobby_of(second);
	enter(x, &back, NULL);
	foyer_expect(x, LOBBY_OPEN);
}

/* Who came with a ticket has not signed in here, and so must. */
static void test_return_with_a_ticket(Foyer *x, gconstpointer unused)
{
	g_autoptr(Who) who = core_fixture_who("anna");
	g_autoptr(GError) error = NULL;
	g_autoptr(Ticket) ticket = core_connect(x->f.core, who, "p-lab", "vnc", "::1", &error);
	ControlMessage redeem = {.type = CONTROL_REDEEM,
				 .ticket = ticket->ticket,
				 .protocol = (char *)"vnc",
				 .peer = (char *)"192.0.2.1:5000"};
	g_auto(ControlMessage) lease = {0};
	ControlMessage back;

	ask(&x->g, &redeem, &lease);
	close(gateway_take_fd(&x->g));
	foyer_note(x, CONTROL_STARTED, lease.lease);
	foyer_end_session(x, lease.lease);
	back = lobby_of(lease.lease);
	enter(x, &back, NULL);
	foyer_expect(x, LOBBY_OPEN);
}

static void test_no_return(Foyer *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL), back;
	g_auto(ControlMessage) lease = {0};

	x->f.options->native_return = FALSE;
	ask(&x->g, &anna, &lease);
	foyer_note(x, CONTROL_STARTED, lease.lease);
	foyer_end_session(x, lease.lease);
	back = lobby_of(lease.lease);
	ask_refused(&x->g, &back, "ended");
}

/* ---- a lobby where nobody says a word */

static void test_idle(Foyer *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	g_auto(LobbyMessage) warning = {0};

	x->f.options->lobby_minutes = 0;
	enter(x, &request, NULL);
	foyer_expect(x, LOBBY_OPEN);
	for (unsigned i = 0; i < 2; i++) {
		lobby_clear(&warning);
		foyer_hear(x, LOBBY_WARNING, &warning);
		g_assert_true(warning.extend);
		g_assert_cmpint(warning.seconds, >, 0);
		foyer_say(x, &(LobbyMessage){.type = LOBBY_EXTEND});
		lobby_clear(&warning);
		foyer_hear(x, LOBBY_WARNING, &warning);
		g_assert_cmpint(warning.seconds, ==, 0);
	}
}

/* ---- a lobby that dies */

static void test_killed(Foyer *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL), back;
	g_autofree char *first = NULL;
	char byte;

	another_desktop(x);
	enter(x, &anna, "anna");
	foyer_expect(x, LOBBY_OPEN);
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
	for (unsigned i = 0; i < 2; i++) {
		foyer_kill();
		g_assert_cmpint(recv(x->client, &byte, 1, 0), ==, 0);
		first = g_strdup(x->lease);
		gateway_send(&x->g, &(ControlMessage){.type = CONTROL_ENDED,
						      .id = OF_ENDED,
						      .lease = first,
						      .fault = (char *)"desktop",
						      .step = (char *)"relay"});
		back = lobby_of(first);
		if (i == 0) {
			enter(x, &back, "anna");
			foyer_expect(x, LOBBY_OPEN);
			foyer_expect(x, LOBBY_DESKTOPS_ARE);
		} else {
			ask_refused(&x->g, &back, "ended");
			/* A word of it that was slow is no question: it is answered by nothing. */
			foyer_note(x, CONTROL_STARTED, first);
			ask_refused(&x->g, &back, "ended");
		}
		g_clear_pointer(&first, g_free);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func) g_test_add("/lobby/" path, Foyer, NULL, foyer_setup, func, foyer_teardown)
	ADD("stranger", test_stranger);
	ADD("held", test_held);
	ADD("code", test_code);
	ADD("two-questions", test_two_questions);
	ADD("native", test_native);
	ADD("not-allowed", test_not_allowed);
	ADD("too-many", test_too_many);
	ADD("start-fails", test_start_fails);
	ADD("give-up", test_give_up);
	ADD("return", test_return);
	ADD("return-too-late", test_return_too_late);
	ADD("return-with-a-ticket", test_return_with_a_ticket);
	ADD("no-return", test_no_return);
	ADD("idle", test_idle);
	ADD("killed", test_killed);
	return g_test_run();
}
