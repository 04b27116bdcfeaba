/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lobbies, from both of their sides: a gateway that asks for them, and a person in one, who speaks
 * through a lobby that draws nothing (fake-lobby.c). A real core and real processes in between.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-lease.h"
#include "fake-person.h"
#include "fault.h"
#include "log.h"

typedef struct {
	CoreFixture f;
	Gateway g;
	int client; /* the gateway's end of the lobby's display */
	char *lease;
} Fixture;

static void setup(Fixture *x, gconstpointer unused)
{
	core_fixture_setup(&x->f, NULL);
	g_free(x->f.options->lobby);
	x->f.options->lobby = g_strdup(g_getenv("FAKE_LOBBY"));
	x->f.options->vnc_lobby = TRUE;
	core_fixture_pool(&x->f, "lab", "floating", 2, 0);
	gateway_hello(&x->g, &x->f);
	x->client = -1;
}

/* Nothing is left of a lobby, not even a process to be waited for. */
static void teardown(Fixture *x, gconstpointer unused)
{
	if (x->client >= 0)
		close(x->client);
	g_free(x->lease);
	gateway_close(&x->g);
	core_fixture_teardown(&x->f, NULL);
	g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
	g_assert_cmpint(errno, ==, ECHILD);
}

/* ---- the gateway */

static void note(Fixture *x, ControlType type, const char *lease)
{
	gateway_send(&x->g, &(ControlMessage){.type = type,
					      .id = OF_ENDED,
					      .lease = (char *)lease,
					      .fault = (char *)"ended",
					      .step = (char *)"relay"});
}

static ControlMessage lobby_of(const char *lease)
{
	return (ControlMessage){.type = CONTROL_LOBBY,
				.protocol = (char *)"vnc",
				.peer = (char *)"192.0.2.1:5000",
				.lease = (char *)lease};
}

/* Asks, and the answer must be a lobby's lease. */
static void enter(Fixture *x, ControlMessage *request, const char *user)
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
	note(x, CONTROL_STARTED, x->lease);
}

/* ---- the person */

static void hear(Fixture *x, LobbyType type, LobbyMessage *out)
{
	person_hear(x->client, type, out);
}

static void expect(Fixture *x, LobbyType type)
{
	person_expect(x->client, type);
}

static void say(Fixture *x, const LobbyMessage *message)
{
	person_say(x->client, message);
}

static void sign_in(Fixture *x, const char *user, const char *password)
{
	say(x, &(LobbyMessage){
		       .type = LOBBY_LOGIN, .user = (char *)user, .password = (char *)password});
}

static void choose(Fixture *x, const char *card)
{
	say(x, &(LobbyMessage){.type = LOBBY_CHOOSE, .desktop = (char *)card});
}

/* The gateway is told to move the lobby's client; it does. The new lease; g_free() it. */
static char *moved(Fixture *x, const char *desktop)
{
	g_auto(ControlMessage) move = {0};
	char byte;

	g_assert_true(gateway_receive(&x->g, &move));
	g_assert_cmpint(move.type, ==, CONTROL_MOVE);
	g_assert_cmpstr(move.lease, ==, x->lease);
	g_assert_cmpstr(move.desktop, ==, desktop);
	close(gateway_take_fd(&x->g));
	note(x, CONTROL_ENDED, x->lease);
	note(x, CONTROL_STARTED, move.to);
	while (recv(x->client, &byte, 1, 0) > 0)
		; /* the lobby goes by itself */
	return g_strdup(move.to);
}

static void another_desktop(Fixture *x)
{
	core_fixture_pool(&x->f, "own", "dedicated", 2, 0);
}

/* ---- signing in */

static void test_stranger(Fixture *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	g_auto(LobbyMessage) open = {0};
	g_auto(LobbyMessage) refused = {0};
	g_autofree char *lease = NULL;

	enter(x, &request, NULL);
	hear(x, LOBBY_OPEN, &open);
	g_assert_null(open.user);
	for (unsigned i = 0; i < 3; i++) {
		lobby_clear(&refused);
		sign_in(x, "anna", "wrong");
		hear(x, LOBBY_ERROR, &refused);
		g_assert_nonnull(strstr(refused.text, "refused"));
	}
	sign_in(x, "anna", "right");
	lobby_clear(&open);
	hear(x, LOBBY_OPEN, &open);
	g_assert_cmpstr(open.user, ==, "anna");
	expect(x, LOBBY_DESKTOPS_ARE);
	expect(x, LOBBY_PROGRESS); /* one desktop is no choice */
	lease = moved(x, "lab-1");
	lease_await_live(&x->f, lease);
}

static void test_code(Fixture *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	char *bad[] = {(char *)"456", NULL}, *good[] = {(char *)"123", NULL};
	g_auto(LobbyMessage) prompts = {0};
	const LobbyPrompt *code;

	another_desktop(x);
	enter(x, &request, NULL);
	expect(x, LOBBY_OPEN);
	for (unsigned i = 0; i < 2; i++) {
		lobby_clear(&prompts);
		sign_in(x, "otto", "right");
		hear(x, LOBBY_PROMPTS_ARE, &prompts);
		code = prompts.prompts->pdata[0];
		g_assert_cmpstr(code->text, ==, "Code: ");
		g_assert_true(code->question && code->echo);
		say(x, &(LobbyMessage){.type = LOBBY_ANSWERS, .answers = i ? good : bad});
		expect(x, LOBBY_OPEN); /* again, or with the name */
		expect(x, i ? LOBBY_DESKTOPS_ARE : LOBBY_ERROR);
	}
	say(x, &(LobbyMessage){.type = LOBBY_SIGNOUT});
	expect(x, LOBBY_OPEN);
	/* Out of the questions, which end with it. */
	sign_in(x, "otto", "right");
	expect(x, LOBBY_PROMPTS_ARE);
	say(x, &(LobbyMessage){.type = LOBBY_CANCEL});
	expect(x, LOBBY_OPEN);
	/* Words that do not belong to the screen, and those that do. */
	say(x, &(LobbyMessage){.type = LOBBY_ANSWERS, .answers = good});
	choose(x, "p-lab");
	sign_in(x, "", "right");
	expect(x, LOBBY_ERROR);
}

/* The password goes to a question of its own, never to one of two. */
static void test_two_questions(Fixture *x, gconstpointer unused)
{
	ControlMessage login = login_of("both", "right", NULL);
	g_auto(LobbyMessage) prompts = {0};

	enter(x, &login, NULL);
	expect(x, LOBBY_OPEN);
	hear(x, LOBBY_PROMPTS_ARE, &prompts);
	g_assert_cmpuint(prompts.prompts->len, ==, 3);
	g_assert_false(((LobbyPrompt *)prompts.prompts->pdata[0])->question);
	g_assert_false(((LobbyPrompt *)prompts.prompts->pdata[1])->echo);
}

/* Native viewers that bring a name: only what that does not settle is asked. */
static void test_native(Fixture *x, gconstpointer unused)
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
	expect(x, LOBBY_OPEN);
	expect(x, LOBBY_PROMPTS_ARE);
	say(x, &(LobbyMessage){.type = LOBBY_ANSWERS, .answers = good});
	expect(x, LOBBY_OPEN);
	expect(x, LOBBY_DESKTOPS_ARE);
	lease = moved(x, "lab-1");
	another_desktop(x);
	enter(x, &anna, "anna");
	hear(x, LOBBY_OPEN, &open);
	g_assert_cmpstr(open.user, ==, "anna");
	hear(x, LOBBY_DESKTOPS_ARE, &list);
	g_assert_cmpuint(list.desktops->len, ==, 2);
}

static void test_not_allowed(Fixture *x, gconstpointer unused)
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

static void test_too_many(Fixture *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	ControlMessage other = lobby_of(NULL);
	ControlMessage anna = login_of("anna", "right", NULL);
	g_auto(ControlMessage) answer = {0};

	another_desktop(x);
	x->f.options->max_lobbies_per_address = 1;
	x->f.options->max_lobbies = 2;
	enter(x, &request, NULL);
	expect(x, LOBBY_OPEN);
	ask_refused(&x->g, &request, "busy");
	other.peer = (char *)"[2001:db8::1]:5000";
	ask(&x->g, &other, &answer);
	g_assert_cmpint(answer.type, ==, CONTROL_LEASE);
	other.peer = (char *)"[2001:db8:1::1]:5000";
	ask_refused(&x->g, &other, "busy");
	/* Who is known is not kept out by strangers. */
	close(gateway_take_fd(&x->g));
	enter(x, &anna, "anna");
	expect(x, LOBBY_OPEN);
}

/* ---- a desktop */

static void test_start_fails(Fixture *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL);
	g_auto(LobbyMessage) error = {0};
	g_autofree char *lease = NULL;

	another_desktop(x);
	enter(x, &anna, "anna");
	expect(x, LOBBY_OPEN);
	expect(x, LOBBY_DESKTOPS_ARE);
	g_atomic_int_set(&fake.fail_start, 1000);
	choose(x, "p-lab");
	expect(x, LOBBY_DESKTOPS_ARE);
	hear(x, LOBBY_ERROR, &error);
	g_assert_cmpstr(error.text, ==, fault_info(FAULT_DESKTOP)->words);
	lobby_clear(&error);
	choose(x, "p-nowhere");
	expect(x, LOBBY_DESKTOPS_ARE);
	expect(x, LOBBY_ERROR);
	g_atomic_int_set(&fake.fail_start, 0);
	choose(x, "p-own");
	lease = moved(x, "own-1");
}

/* A change of mind while the first one starts. */
static void test_give_up(Fixture *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL);
	g_autofree char *lease = NULL;

	another_desktop(x);
	g_atomic_int_set(&fake.slow_ms, 300);
	enter(x, &anna, "anna");
	expect(x, LOBBY_OPEN);
	expect(x, LOBBY_DESKTOPS_ARE);
	choose(x, "p-lab");
	expect(x, LOBBY_PROGRESS);
	say(x, &(LobbyMessage){.type = LOBBY_CANCEL});
	expect(x, LOBBY_DESKTOPS_ARE);
	choose(x, "p-own");
	lease = moved(x, "own-1");
	lease_await_live(&x->f, lease);
}

/* ---- coming back */

/* The broker ends the session: the gateway is told, tells its own end of it, and asks. */
static void end_session(Fixture *x, const char *lease)
{
	g_auto(ControlMessage) end = {0};
	g_autoptr(GError) error = NULL;

	lease_await_live(&x->f, lease);
	g_assert_true(core_session_end(x->f.core, NULL, lease, &error));
	g_assert_true(gateway_receive(&x->g, &end));
	g_assert_cmpint(end.type, ==, CONTROL_END);
	note(x, CONTROL_ENDED, lease);
}

static void test_return(Fixture *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL), back;
	g_auto(ControlMessage) lease = {0};
	g_auto(LobbyMessage) open = {0};
	g_autofree char *second = NULL;
	Gateway other;

	ask(&x->g, &anna, &lease); /* one desktop: straight to it */
	note(x, CONTROL_STARTED, lease.lease);
	end_session(x, lease.lease);
	back = lobby_of(lease.lease);
	gateway_hello(&other, &x->f);
	ask_refused(&other, &back, "ended");
	gateway_close(&other);
	/* Who asked in its stead has spoilt it. */
	ask_refused(&x->g, &back, "ended");

	control_clear(&lease);
	close(gateway_take_fd(&x->g));
	ask(&x->g, &anna, &lease);
	close(gateway_take_fd(&x->g));
	note(x, CONTROL_STARTED, lease.lease);
	end_session(x, lease.lease);
	back = lobby_of(lease.lease);
	enter(x, &back, "anna");
	hear(x, LOBBY_OPEN, &open);
	g_assert_cmpstr(open.user, ==, "anna");
	g_assert_nonnull(strstr(open.text, "has ended"));
	expect(x, LOBBY_DESKTOPS_ARE); /* no round in circles: one is a choice now */
	ask_refused(&x->g, &back, "ended");
	choose(x, "p-lab");
	second = moved(x, "lab-1");
	/* And back from there. */
	end_session(x, second);
	back = lobby_of(second);
	enter(x, &back, "anna");
}

/* Who came with a ticket has not signed in here, and so must. */
static void test_return_with_a_ticket(Fixture *x, gconstpointer unused)
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
	note(x, CONTROL_STARTED, lease.lease);
	end_session(x, lease.lease);
	back = lobby_of(lease.lease);
	enter(x, &back, NULL);
	expect(x, LOBBY_OPEN);
}

static void test_no_return(Fixture *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL), back;
	g_auto(ControlMessage) lease = {0};

	x->f.options->native_return = FALSE;
	ask(&x->g, &anna, &lease);
	note(x, CONTROL_STARTED, lease.lease);
	end_session(x, lease.lease);
	back = lobby_of(lease.lease);
	ask_refused(&x->g, &back, "ended");
}

/* ---- a session that ends soon */

/* Anna is brought from her desktop to a lobby that says so. Her session; g_free() it. */
static char *warned(Fixture *x, unsigned extend)
{
	g_autoptr(PlanView) plan = core_plan(x->f.core, "lab", NULL);
	ControlMessage anna = login_of("anna", "right", NULL);
	g_auto(ControlMessage) lease = {0}, move = {0};
	g_auto(LobbyMessage) ending = {0};

	ask(&x->g, &anna, &lease);
	close(gateway_take_fd(&x->g));
	note(x, CONTROL_STARTED, lease.lease);
	lease_await_live(&x->f, lease.lease);
	plan->length = plan->warn = 600;
	plan->extend = extend;
	g_assert_true(core_plan_set(x->f.core, "root", plan, NULL));
	g_assert_true(gateway_receive(&x->g, &move) && move.type == CONTROL_MOVE);
	x->client = gateway_take_fd(&x->g);
	x->lease = g_strdup(move.to);
	note(x, CONTROL_ENDED, lease.lease);
	note(x, CONTROL_STARTED, move.to);
	expect(x, LOBBY_OPEN);
	hear(x, LOBBY_ENDING, &ending);
	g_assert_true(ending.seconds > 500 && ending.extend == (extend > 0));
	return g_strdup(lease.lease);
}

/* Back in the same session, which goes on for longer if that was wanted. */
static void test_warned(Fixture *x, gconstpointer extend)
{
	g_autofree char *lease = warned(x, 300);
	g_autoptr(GPtrArray) live = NULL;
	g_autofree char *back = NULL;
	const SessionView *view;

	say(x, &(LobbyMessage){.type = extend ? LOBBY_EXTEND : LOBBY_CANCEL});
	back = moved(x, "lab-1");
	g_assert_cmpstr(back, ==, lease);
	lease_await_live(&x->f, lease);
	live = core_sessions(x->f.core, "anna", TRUE, 0, NULL);
	view = live->pdata[0];
	g_assert_cmpint(view->ends_at - view->started_at, ==, extend ? 900 : 600);
}

static void test_warned_leaves(Fixture *x, gconstpointer unused)
{
	g_autofree char *lease = warned(x, 0);
	g_autoptr(SessionView) view = NULL;

	note(x, CONTROL_ENDED, x->lease);
	view = lease_await_ended(&x->f, lease);
	g_assert_cmpstr(view->reason, ==, "the client left");
}

/* The session does not wait for its person's word. */
static void test_warned_ends(Fixture *x, gconstpointer unused)
{
	g_autofree char *lease = warned(x, 0);
	g_auto(LobbyMessage) open = {0};

	end_session(x, lease);
	expect(x, LOBBY_WARNING);
	hear(x, LOBBY_OPEN, &open);
	g_assert_cmpstr(open.text, ==, "Your session on lab-1 has ended.");
	expect(x, LOBBY_DESKTOPS_ARE);
}

/* ---- a lobby where nobody says a word */

static void test_idle(Fixture *x, gconstpointer unused)
{
	ControlMessage request = lobby_of(NULL);
	g_auto(LobbyMessage) warning = {0};

	x->f.options->lobby_minutes = 0;
	enter(x, &request, NULL);
	expect(x, LOBBY_OPEN);
	for (unsigned i = 0; i < 2; i++) {
		lobby_clear(&warning);
		hear(x, LOBBY_WARNING, &warning);
		g_assert_true(warning.extend);
		g_assert_cmpint(warning.seconds, >, 0);
		say(x, &(LobbyMessage){.type = LOBBY_EXTEND});
		lobby_clear(&warning);
		hear(x, LOBBY_WARNING, &warning);
		g_assert_cmpint(warning.seconds, ==, 0);
	}
}

/* ---- a lobby that dies */

/* One that was killed may not have been waited for yet. */
static gboolean is_alive(const char *pid)
{
	g_autofree char *file = g_strdup_printf("/proc/%s/stat", pid);
	g_autofree char *stat = NULL;

	return g_file_get_contents(file, &stat, NULL, NULL) && !strstr(stat, ") Z ");
}

/* The one child of ours, by force. */
static void kill_lobby(void)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task", getpid());
	g_autoptr(GDir) tasks = g_dir_open(path, 0, NULL);
	const char *task;
	unsigned killed = 0;

	while ((task = g_dir_read_name(tasks))) {
		g_autofree char *file = g_strdup_printf("%s/%s/children", path, task);
		g_autofree char *children = NULL;
		g_auto(GStrv) pids = NULL;

		if (!g_file_get_contents(file, &children, NULL, NULL))
			continue;
		pids = g_strsplit(g_strstrip(children), " ", -1);
		for (char **pid = pids; *pid; pid++) {
			if (!is_alive(*pid))
				continue;
			g_assert_cmpint(kill(atoi(*pid), SIGKILL), ==, 0);
			while (is_alive(*pid)) /* its sockets close before it is dead */
				g_usleep(1000);
			killed++;
		}
	}
	g_assert_cmpuint(killed, ==, 1);
}

static void test_killed(Fixture *x, gconstpointer unused)
{
	ControlMessage anna = login_of("anna", "right", NULL), back;
	g_autofree char *first = NULL;
	char byte;

	another_desktop(x);
	enter(x, &anna, "anna");
	expect(x, LOBBY_OPEN);
	expect(x, LOBBY_DESKTOPS_ARE);
	for (unsigned i = 0; i < 2; i++) {
		kill_lobby();
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
			expect(x, LOBBY_OPEN);
			expect(x, LOBBY_DESKTOPS_ARE);
		} else {
			ask_refused(&x->g, &back, "ended");
			/* A word of it that was slow is no question: it is answered by nothing. */
			note(x, CONTROL_STARTED, first);
			ask_refused(&x->g, &back, "ended");
		}
		g_clear_pointer(&first, g_free);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func) g_test_add("/lobby/" path, Fixture, NULL, setup, func, teardown)
	ADD("stranger", test_stranger);
	ADD("code", test_code);
	ADD("two-questions", test_two_questions);
	ADD("native", test_native);
	ADD("not-allowed", test_not_allowed);
	ADD("too-many", test_too_many);
	ADD("start-fails", test_start_fails);
	ADD("give-up", test_give_up);
	ADD("return", test_return);
	ADD("return-with-a-ticket", test_return_with_a_ticket);
	ADD("no-return", test_no_return);
	ADD("warned", test_warned);
	g_test_add("/lobby/warned-and-extends", Fixture, "extend", setup, test_warned, teardown);
	ADD("warned-leaves", test_warned_leaves);
	ADD("warned-ends", test_warned_ends);
	ADD("idle", test_idle);
	ADD("killed", test_killed);
	return g_test_run();
}
