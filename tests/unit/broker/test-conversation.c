/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The broker's side of a login, against a scripted oriel-auth that says what a test wants, and
 * against the real processes with the two shortest PAM services there are.
 */
#include "auth/conversation.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "auth/authlink.h"
#include "control/jsonframe.h"
#include "fault.h"

/* ---- the scripted side: sends each message after one of the broker's, then hangs up */

typedef struct {
	const AuthMessage *script;
	unsigned n;
	char *dir;
	char *path;
	int listener;
	GThread *thread;
	GString *heard;
} Fake;

static gpointer fake_run(gpointer data)
{
	Fake *fake = data;
	int fd = accept(fake->listener, NULL, NULL);

	g_assert_cmpint(fd, >=, 0);
	for (unsigned i = 0; i <= fake->n; i++) {
		gint64 deadline = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;
		g_auto(AuthMessage) message = {0};

		if (!authlink_receive(fd, &message, deadline, NULL))
			break;
		g_string_append_printf(fake->heard, "%d", message.type);
		if (message.user != NULL)
			g_string_append_printf(fake->heard, " %s@%s", message.user, message.peer);
		for (char **answer = message.answers; answer && *answer; answer++)
			g_string_append_printf(fake->heard, " %s", *answer);
		g_string_append_c(fake->heard, ';');
		if (i < fake->n)
			g_assert_true(authlink_send(fd, &fake->script[i], deadline, NULL));
		else
			break;
	}
	close(fd);
	return NULL;
}

static void fake_start(Fake *fake, const AuthMessage *script, unsigned n)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*fake = (Fake){.script = script, .n = n, .heard = g_string_new(NULL)};
	fake->dir = g_dir_make_tmp("oriel-XXXXXX", NULL);
	fake->path = g_build_filename(fake->dir, "auth.sock", NULL);
	g_strlcpy(address.sun_path, fake->path, sizeof address.sun_path);
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(fake->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(listen(fake->listener, 4), ==, 0);
	fake->thread = g_thread_new("fake", fake_run, fake);
}

static void fake_end(Fake *fake, const char *heard)
{
	g_thread_join(fake->thread);
	g_assert_cmpstr(fake->heard->str, ==, heard);
	close(fake->listener);
	g_unlink(fake->path);
	g_rmdir(fake->dir);
	g_string_free(fake->heard, TRUE);
	g_free(fake->path);
	g_free(fake->dir);
}

static GPtrArray *prompts(AuthKind kind, const char *text, int second, const char *second_text)
{
	GPtrArray *array = auth_prompts_new();

	g_ptr_array_add(array, auth_prompt_new(kind, text));
	if (second_text != NULL)
		g_ptr_array_add(array, auth_prompt_new((AuthKind)second, second_text));
	return array;
}

static char *staff[] = {(char *)"staff", (char *)"users", NULL};

/* ---- conversations */

static void test_two_rounds(void)
{
	g_autoptr(GPtrArray) first = prompts(AUTH_INFO, "Welcome", AUTH_SECRET, "Password: ");
	g_autoptr(GPtrArray) second = prompts(AUTH_SECRET, "New: ", AUTH_VISIBLE, "Code: ");
	g_autoptr(GPtrArray) last = prompts(AUTH_ERROR, "Expires soon", 0, NULL);
	const AuthMessage script[] = {
		{AUTH_ASK, .prompts = first},
		{AUTH_ASK, .prompts = second},
		{AUTH_ACCEPTED, .user = (char *)"anna", .prompts = last, .groups = staff}};
	char *one[] = {(char *)"pw", NULL}, *two[] = {(char *)"n", (char *)"123", NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(Conversation) c = NULL;
	Fake fake;
	const Prompt *prompt;

	fake_start(&fake, script, G_N_ELEMENTS(script));
	c = conversation_start(fake.path, "Anna", "192.0.2.1:5", &error);
	g_assert_no_error(error);
	g_assert_cmpint(conversation_state(c), ==, CONVERSATION_ASKS);
	g_assert_cmpuint(conversation_prompts(c)->len, ==, 2);
	prompt = conversation_prompts(c)->pdata[0];
	g_assert_cmpint(prompt->kind, ==, PROMPT_INFO);
	prompt = conversation_prompts(c)->pdata[1];
	g_assert_cmpint(prompt->kind, ==, PROMPT_SECRET);
	g_assert_cmpstr(prompt->text, ==, "Password: ");

	/* one answer too many does not reach PAM and does not end the conversation */
	g_assert_false(conversation_answer(c, two, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);

	g_assert_true(conversation_answer(c, one, &error));
	prompt = conversation_prompts(c)->pdata[1];
	g_assert_cmpint(prompt->kind, ==, PROMPT_VISIBLE);
	g_assert_true(conversation_answer(c, two, &error));
	g_assert_cmpint(conversation_state(c), ==, CONVERSATION_ACCEPTED);
	g_assert_cmpstr(conversation_user(c), ==, "anna");
	g_assert_cmpstr(conversation_groups(c)[1], ==, "users");
	prompt = conversation_prompts(c)->pdata[0];
	g_assert_cmpint(prompt->kind, ==, PROMPT_ERROR);
	g_assert_false(conversation_answer(c, one, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	fake_end(&fake, "0 Anna@192.0.2.1:5;2 pw;2 n 123;");
}

/* The answer is not cut to fit: it does not go out at all. */
static void test_long_answer(void)
{
	g_autoptr(GPtrArray) ask = prompts(AUTH_SECRET, "Password: ", 0, NULL);
	const AuthMessage script[] = {{AUTH_ASK, .prompts = ask}};
	g_autofree char *text = g_strnfill(AUTH_ANSWER + 1, 'x');
	char *answers[] = {text, NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(Conversation) c = NULL;
	Fake fake;

	fake_start(&fake, script, G_N_ELEMENTS(script));
	c = conversation_start(fake.path, "anna", "p", &error);
	g_assert_false(conversation_answer(c, answers, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_pointer(&c, conversation_free);
	fake_end(&fake, "0 anna@p;");
}

/* A verdict that never comes, and one that is none. */
static void test_broken(void)
{
	char *none[] = {NULL};
	const AuthMessage script[] = {{AUTH_ANSWERS, .answers = none}};
	g_autoptr(GError) error = NULL;
	Fake fake;

	fake_start(&fake, script, 0);
	g_assert_null(conversation_start(fake.path, "anna", "p", &error));
	g_assert_error(error, FAULT, FAULT_BROKER);
	g_clear_error(&error);
	fake_end(&fake, "0 anna@p;");

	fake_start(&fake, script, 1);
	g_assert_null(conversation_start(fake.path, "anna", "p", &error));
	g_assert_error(error, FAULT, FAULT_BROKER);
	g_clear_error(&error);
	fake_end(&fake, "0 anna@p;");

	g_assert_null(conversation_start("/nonexistent/auth.sock", "anna", "p", &error));
	g_assert_error(error, FAULT, FAULT_BROKER);
}

/* ---- the real processes */

static void real(const char *module, ConversationState first, ConversationState last)
{
	g_autofree char *dir = g_dir_make_tmp("oriel-XXXXXX", NULL);
	g_autofree char *service = g_build_filename(dir, "oriel", NULL);
	g_autofree char *path = g_build_filename(dir, "auth.sock", NULL);
	g_autofree char *text =
		g_strdup_printf("auth required %s\naccount required %s\n", module, module);
	g_autofree char *uid = g_strdup_printf("--uid=%u", getuid());
	g_autofree char *gid = g_strdup_printf("--gid=%u", getgid());
	const char *argv[] = {
		g_getenv("ORIEL_AUTHD"), "--socket", path, "--auth", g_getenv("ORIEL_AUTH"),
		"--pam-confdir",         dir,        uid,  gid,      NULL};
	char *answers[] = {(char *)"anything", NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(Conversation) c = NULL;
	GPid pid;
	int status;

	g_assert_true(g_file_set_contents(service, text, -1, NULL));
	g_assert_true(g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
				    NULL, &pid, &error));
	for (unsigned i = 0; i < 1000 && c == NULL; i++) {
		g_clear_error(&error);
		c = conversation_start(path, "anna", "192.0.2.1:5", &error);
		if (c == NULL)
			g_usleep(10000); /* until it listens */
	}
	g_assert_no_error(error);
	g_assert_cmpint(conversation_state(c), ==, first);
	if (first == CONVERSATION_ASKS)
		g_assert_true(conversation_answer(c, answers, &error));
	g_assert_cmpint(conversation_state(c), ==, last);
	if (last == CONVERSATION_ACCEPTED)
		g_assert_cmpstr(conversation_user(c), ==, "anna");
	kill(pid, SIGTERM);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_true(g_spawn_check_wait_status(status, &error));
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	g_unlink(service);
	g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static void test_real_accepted(void)
{
	real("pam_permit.so", CONVERSATION_ACCEPTED, CONVERSATION_ACCEPTED);
}

/* A service that refuses without a question is not seen to do so. */
static void test_real_refused(void)
{
	real("pam_deny.so", CONVERSATION_ASKS, CONVERSATION_REFUSED);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/conversation/two-rounds", test_two_rounds);
	g_test_add_func("/conversation/long-answer", test_long_answer);
	g_test_add_func("/conversation/broken", test_broken);
	g_test_add_func("/conversation/real-accepted", test_real_accepted);
	g_test_add_func("/conversation/real-refused", test_real_refused);
	return g_test_run();
}
