/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fdpass.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autofd.h"

typedef struct {
	int ends[2];
} Fixture;

static void set_up(Fixture *f, gconstpointer type)
{
	g_assert_cmpint(socketpair(AF_UNIX, GPOINTER_TO_INT(type), 0, f->ends), ==, 0);
}

static void tear_down(Fixture *f, gconstpointer type)
{
	close(f->ends[0]);
	close(f->ends[1]);
}

static guint open_files(void)
{
	g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
	guint n = 0;

	while (g_dir_read_name(dir))
		n++;
	return n;
}

static gboolean same_file(int one, int other)
{
	struct stat a, b;

	g_assert_cmpint(fstat(one, &a), ==, 0);
	g_assert_cmpint(fstat(other, &b), ==, 0);
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* It leads to the same file, and no program that is started gets it. */
static void test_one(Fixture *f, gconstpointer type)
{
	autofd int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	autofd int got = -1;
	char bytes[8];

	g_assert_cmpint(fdpass_send_one(f->ends[0], "file", 4, file, 0), ==, 4);
	g_assert_cmpint(fdpass_receive_one(f->ends[1], bytes, sizeof bytes, &got, 0), ==, 4);
	g_assert_cmpmem(bytes, 4, "file", 4);
	g_assert_cmpint(got, !=, file);
	g_assert_true(same_file(got, file));
	g_assert_true(fcntl(got, F_GETFD) & FD_CLOEXEC);
}

static void test_none(Fixture *f, gconstpointer type)
{
	int got = 99;
	char bytes[8];

	g_assert_cmpint(fdpass_send_one(f->ends[0], "words", 5, -1, 0), ==, 5);
	g_assert_cmpint(fdpass_receive_one(f->ends[1], bytes, sizeof bytes, &got, 0), ==, 5);
	g_assert_cmpint(got, ==, -1);
}

static void test_many(Fixture *f, gconstpointer type)
{
	int files[FDPASS_MAX], got[FDPASS_MAX];
	guint n, before = open_files();
	char byte;

	for (guint i = 0; i < FDPASS_MAX; i++)
		files[i] = f->ends[i % 2];
	g_assert_cmpint(fdpass_send(f->ends[0], "+", 1, files, FDPASS_MAX, 0), ==, 1);
	g_assert_cmpint(fdpass_receive(f->ends[1], &byte, 1, got, &n, 0), ==, 1);
	g_assert_cmpuint(n, ==, FDPASS_MAX);
	for (guint i = 0; i < n; i++) {
		g_assert_true(same_file(got[i], files[i]));
		close(got[i]);
	}
	g_assert_cmpuint(open_files(), ==, before);
}

/* Whoever expects one does not keep a second. */
static void test_others(Fixture *f, gconstpointer type)
{
	guint before = open_files();
	int got;
	char byte;

	g_assert_cmpint(fdpass_send(f->ends[0], "+", 1, f->ends, 2, 0), ==, 1);
	g_assert_cmpint(fdpass_receive_one(f->ends[1], &byte, 1, &got, 0), ==, 1);
	g_assert_true(same_file(got, f->ends[0]));
	close(got);
	g_assert_cmpuint(open_files(), ==, before);
}

static void test_nothing(Fixture *f, gconstpointer type)
{
	int got = 99;
	char byte;

	g_assert_cmpint(fdpass_receive_one(f->ends[1], &byte, 1, &got, MSG_DONTWAIT), ==, -1);
	g_assert_cmpint(errno, ==, EAGAIN);
	g_assert_cmpint(got, ==, -1);
	shutdown(f->ends[0], SHUT_RDWR);
	g_assert_cmpint(fdpass_receive_one(f->ends[1], &byte, 1, &got, 0), ==, 0);
	g_assert_cmpint(got, ==, -1);
	g_assert_cmpint(fdpass_send_one(f->ends[1], "+", 1, -1, 0), ==, -1);
	g_assert_cmpint(errno, ==, EPIPE);
}

/* What comes with an empty packet, nobody gets. */
static void test_empty(Fixture *f, gconstpointer type)
{
	guint before = open_files();
	int got = 99;
	char byte;

	if (GPOINTER_TO_INT(type) == SOCK_STREAM)
		return; /* it has none */
	g_assert_cmpint(fdpass_send(f->ends[0], "", 0, f->ends, 2, 0), ==, 0);
	g_assert_cmpint(fdpass_receive_one(f->ends[1], &byte, 1, &got, 0), ==, 0);
	g_assert_cmpint(got, ==, -1);
	g_assert_cmpuint(open_files(), ==, before);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(Fixture *f, gconstpointer type);
	} tests[] = {
		{"one", test_one},       {"none", test_none},       {"many", test_many},
		{"others", test_others}, {"nothing", test_nothing}, {"empty", test_empty},
	};

	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *stream = g_strconcat("/fdpass/stream/", tests[i].name, NULL);
		g_autofree char *packet = g_strconcat("/fdpass/packet/", tests[i].name, NULL);

		g_test_add(stream, Fixture, GINT_TO_POINTER(SOCK_STREAM), set_up, tests[i].run,
			   tear_down);
		g_test_add(packet, Fixture, GINT_TO_POINTER(SOCK_SEQPACKET), set_up, tests[i].run,
			   tear_down);
	}
	return g_test_run();
}
