/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a log line shows of words that strangers chose. The log goes to stderr: to a file, here. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE);
	g_test_add_func("/log/plain", test_plain);
	g_test_add_func("/log/forged", test_forged);
	g_test_add_func("/log/terminal", test_terminal);
	return g_test_run();
}
