/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a log line shows of words that strangers chose. The log goes to stderr: to a file, here. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

static char *path;
static int before;

static void begin(void)
{
	int fd = g_file_open_tmp("oriel-log-XXXXXX", &path, NULL);

	g_assert_cmpint(fd, >=, 0);
	before = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* What was logged from begin() on, without the time of its one line; g_free() it. */
static char *end(void)
{
	g_autofree char *text = NULL;
	char *line;

	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_unlink(path);
	g_clear_pointer(&path, g_free);
	line = strchr(text, ' ');
	g_assert_nonnull(line);
	g_assert_true(strchr(line, '\n') == line + strlen(line) - 1);
	return g_strndup(line + 1, strlen(line) - 2);
}

static void shows(const char *user, const char *message, const char *expected)
{
	LogContext context = {.user = user};
	g_autofree char *line = NULL;

	begin();
	log_info(&context, "%s", message);
	line = end();
	g_assert_cmpstr(line, ==, expected);
}

static void test_plain(void)
{
	shows("j\303\266rg", "na\303\257ve \344\270\255",
	      "info test user=j\303\266rg: na\303\257ve \344\270\255");
	shows("a b", "c d", "info test user=\"a b\": c d");
}

static void test_forged(void)
{
	shows("a\nb", "c\r\nd", "info test user=a\\x0ab: c\\x0d\\x0ad");
	shows("a\" session=b", "\"", "info test user=\"a\\\" session=b\": \"");
	shows("a\\", "\\", "info test user=a\\\\: \\");
}

/* ESC and DEL; the same in U+0080 to U+009F, where U+009B begins a terminal's command and U+009D
 * its title; letters turned round; bytes that are no UTF-8, of which 9b is U+009B elsewhere. */
static void test_terminal(void)
{
	shows("\033[2J", "\177", "info test user=\\x1b[2J: \\x7f");
	shows("\302\2332J", "\302\200 \302\237", "info test user=\\u009b2J: \\u0080 \\u009f");
	shows("\342\200\256txt", "x", "info test user=\\u202etxt: x");
	shows("\2332J", "\303", "info test user=\\x9b2J: \\xc3");
}

/* ---- the journal, in a /run of our own */

#define JOURNAL "/run/systemd/journal/"

static int journal_socket(int type, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, name, sizeof address.sun_path);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
	if (type == SOCK_STREAM)
		g_assert_cmpint(listen(fd, 1), ==, 0);
	return fd;
}

static void make_own_run(void)
{
	g_assert_cmpint(unshare(CLONE_NEWNS), ==, 0);
	g_assert_cmpint(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
	g_assert_cmpint(mount("none", "/run", "tmpfs", 0, NULL), ==, 0);
	g_assert_cmpint(g_mkdir_with_parents(JOURNAL, 0700), ==, 0);
}

/* As systemd starts a daemon: standard error is a stream to the journal. */
static void stderr_to_journal(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL "stdout"};
	int listening = journal_socket(SOCK_STREAM, JOURNAL "stdout");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(dup2(fd, STDERR_FILENO), ==, STDERR_FILENO);
	close(fd);
	close(listening);
}

/* What the journal is sent for this line; g_free() it. */
static char *journalled(const char *user, const char *message)
{
	LogContext context = {.user = user};
	int journal = journal_socket(SOCK_DGRAM, JOURNAL "socket");
	int kept = dup(STDERR_FILENO);
	char said[4096] = "\n";
	ssize_t n;

	stderr_to_journal();
	log_init("test", FALSE);
	log_info(&context, "%s", message);
	dup2(kept, STDERR_FILENO);
	close(kept);
	n = recv(journal, said + 1, sizeof said - 2, MSG_DONTWAIT);
	g_assert_cmpint(n, >, 0);
	close(journal);
	return g_strdup(said);
}

static void test_journal(void)
{
	g_autofree char *said = NULL;

	if (geteuid() != 0) {
		g_test_skip("no right to a /run of our own");
		return;
	}
	if (!g_test_subprocess()) { /* where a log goes is found out once */
		g_test_trap_subprocess(NULL, 60 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
		g_test_trap_assert_passed();
		return;
	}
	make_own_run();
	said = journalled("a\nORIEL_SESSION=b", "c\033[2J\r\nd e=\"f\"");
	g_assert_nonnull(strstr(said, "\nORIEL_USER=a\\x0aORIEL_SESSION=b\n"));
	g_assert_nonnull(strstr(said, "\nMESSAGE=c\\x1b[2J\\x0d\\x0ad e=\"f\"\n"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	if (!g_test_subprocess())
		log_init("test", FALSE);
	g_test_add_func("/log/plain", test_plain);
	g_test_add_func("/log/forged", test_forged);
	g_test_add_func("/log/terminal", test_terminal);
	g_test_add_func("/log/journal", test_journal);
	return g_test_run();
}
