/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qmp against a QEMU that is made up (what may go wrong) and against a real one. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "qemu/qmp.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define READY    GREETING "{\"return\": {}, \"id\": 1}\r\n"

/*
 * A client whose peer has already said `text`. The peer's end (*out_peer) is closed by the caller;
 * hang_up: it says no more.
 */
static Qmp *client_of(const char *text, gboolean hang_up, int *out_peer, GError **error)
{
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	g_assert_cmpint(write(fds[1], text, strlen(text)), ==, (gssize)strlen(text));
	if (hang_up)
		shutdown(fds[1], SHUT_WR);
	*out_peer = fds[1];
	return qmp_new(fds[0], g_get_monotonic_time() + 200 * 1000, error);
}

static void refused(const char *text, gboolean hang_up, int fault)
{
	g_autoptr(GError) error = NULL;
	int peer;
	g_autoptr(Qmp) qmp = client_of(text, hang_up, &peer, &error);

	g_assert_null(qmp);
	g_assert_error(error, FAULT, fault);
	close(peer);
}

static void test_greeting(void)
{
	refused("", FALSE, FAULT_TIMEOUT);
	refused("", TRUE, FAULT_DESKTOP);
	refused("hello\n", FALSE, FAULT_DESKTOP);
	refused("[1]\n", FALSE, FAULT_DESKTOP);
	refused("{\"QMP\": 1}\n", FALSE, FAULT_DESKTOP);
	refused("{\"QMP\": {}, \"QMP\": {}}\n", FALSE, FAULT_DESKTOP);
	refused(GREETING, FALSE, FAULT_TIMEOUT);
	refused(GREETING, TRUE, FAULT_DESKTOP);
	refused(GREETING "{\"error\": {\"class\": \"X\", \"desc\": \"no\"}, \"id\": 1}\n", FALSE,
		FAULT_DESKTOP);
}

/* Events, and the late answer to a command that was given up, stand in the way of the answer. */
static void test_answers(void)
{
	static const char text[] = READY "{\"event\": \"RESUME\", \"data\": {}}\r\n"
					 "{\"return\": {\"late\": 1}, \"id\": 77}\r\n"
					 "{\"return\": {\"status\": \"running\"}, \"id\": 2}\r\n"
					 "{\"error\": {\"class\": \"GenericError\", \"desc\": "
					 "\"out of paper\"}, \"id\": 3}\r\n";
	g_autoptr(GError) error = NULL;
	int peer;
	g_autoptr(Qmp) qmp = client_of(text, FALSE, &peer, &error);
	char asked[256] = "";
	json_t *result;

	g_assert_no_error(error);
	result = qmp_execute(qmp, "query-status", json_pack("{s:i}", "a", 1), dial_deadline(1),
			     &error);
	g_assert_no_error(error);
	g_assert_cmpstr(json_string_value(json_object_get(result, "status")), ==, "running");
	json_decref(result);
	g_assert_cmpint(read(peer, asked, sizeof(asked) - 1), >, 0);
	g_assert_cmpstr(asked, ==,
			"{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
			"{\"execute\":\"query-status\",\"id\":2,\"arguments\":{\"a\":1}}\n");

	g_assert_null(qmp_execute(qmp, "print", NULL, dial_deadline(1), &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_assert_nonnull(strstr(error->message, "out of paper"));
	close(peer);
}

static gpointer babble(gpointer data)
{
	static const char event[] = "{\"event\": \"TICK\"}\n";
	int fd = GPOINTER_TO_INT(data);

	while (send(fd, event, strlen(event), MSG_NOSIGNAL) > 0)
		;
	return NULL;
}

/* Neither a message without end nor messages without end keep the caller. */
static void test_floods(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = g_strdup_printf("%s%*d", READY, 100000, 1);
	int peer;
	g_autoptr(Qmp) endless = client_of(text, FALSE, &peer, &error);
	gint64 before = g_get_monotonic_time();
	GThread *thread;
	Qmp *busy;

	g_assert_no_error(error);
	g_assert_null(qmp_execute(endless, "x", NULL, before + 200 * 1000, &error));
	g_assert_error(error, FAULT, FAULT_TIMEOUT);
	g_clear_error(&error);
	close(peer);

	busy = client_of(READY, FALSE, &peer, &error);
	g_assert_no_error(error);
	thread = g_thread_new("babble", babble, GINT_TO_POINTER(peer));
	g_assert_null(qmp_execute(busy, "x", NULL, g_get_monotonic_time() + 200 * 1000, &error));
	g_assert_error(error, FAULT, FAULT_TIMEOUT);
	g_assert_cmpint(g_get_monotonic_time() - before, <, 30 * G_USEC_PER_SEC);
	qmp_free(busy);
	g_thread_join(thread);
	close(peer);
}

static void test_real(void)
{
	g_autofree char *dir = g_dir_make_tmp("oriel-qmp-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "qmp.sock", NULL);
	g_autoptr(GError) error = NULL;
	const char *argv[] = {"qemu-system-x86_64",
			      "-machine",
			      "none",
			      "-nodefaults",
			      "-display",
			      "none",
			      "-chardev",
			      "socket,id=m,fd=3,server=on,wait=off",
			      "-mon",
			      "chardev=m,mode=control",
			      NULL};
	autofd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int listener = dial_listen(path, &error);
	const int from[] = {listener}, to[] = {3};
	g_autoptr(Qmp) qmp = NULL;
	json_t *result;
	int status;
	GPid pid;

	g_assert_no_error(error);
	g_spawn_async_with_pipes_and_fds(
		NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, -1,
		-1, -1, from, to, 1, &pid, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	close(listener);

	qmp = qmp_open(path, dial_deadline(60), &error);
	g_assert_no_error(error);
	result = qmp_execute(qmp, "query-version", NULL, dial_deadline(60), &error);
	g_assert_no_error(error);
	g_assert_true(json_is_object(json_object_get(result, "qemu")));
	json_decref(result);
	g_assert_true(qmp_give_file(qmp, "null", null, dial_deadline(60), &error));
	result = qmp_execute(qmp, "closefd", json_pack("{s:s}", "fdname", "null"),
			     dial_deadline(60), &error);
	g_assert_no_error(error);
	json_decref(result);
	g_assert_null(qmp_execute(qmp, "no-such-command", NULL, dial_deadline(60), &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	result = qmp_execute(qmp, "quit", NULL, dial_deadline(60), &error);
	g_assert_no_error(error);
	json_decref(result);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_cmpint(status, ==, 0);
	unlink(path);
	rmdir(dir);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/qmp/greeting", test_greeting);
	g_test_add_func("/qmp/answers", test_answers);
	g_test_add_func("/qmp/floods", test_floods);
	g_test_add_func("/qmp/real", test_real);
	return g_test_run();
}
