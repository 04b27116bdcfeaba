/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autofd.h"

#define LENGTH (64 * 1024 * 1024)

static int file_with(const char *words, off_t at, off_t length)
{
	int fd = memfd_create("copy", MFD_CLOEXEC);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(ftruncate(fd, length), ==, 0);
	g_assert_cmpint(pwrite(fd, words, strlen(words), at), ==, strlen(words));
	return fd;
}

/* What is in the middle of nothing arrives, and nothing stays nothing. */
static void test_holes(void)
{
	autofd int in = file_with("golden", LENGTH / 2, LENGTH);
	autofd int out = memfd_create("copy", MFD_CLOEXEC);
	char bytes[7] = "";
	struct stat info;

	g_assert_cmpint(lseek(in, 5, SEEK_SET), ==, 5);
	g_assert_true(copy_file(in, out));
	g_assert_cmpint(fstat(out, &info), ==, 0);
	g_assert_cmpint(info.st_size, ==, LENGTH);
	g_assert_cmpint(info.st_blocks * 512, <, LENGTH / 8);
	g_assert_cmpint(pread(out, bytes, 6, LENGTH / 2), ==, 6);
	g_assert_cmpstr(bytes, ==, "golden");
}

/* Between file systems, and more than a piece at a time. */
static void test_across(void)
{
	g_autofree char *path = g_strdup("/tmp/oriel-copy-XXXXXX");
	g_autofree char *words = g_strnfill(3 * 1024 * 1024 + 7, 'x');
	g_autofree char *found = g_malloc0(strlen(words) + 1);
	autofd int in = file_with(words, 0, (off_t)strlen(words));
	autofd int out = g_mkstemp(path);

	g_assert_true(copy_file(in, out));
	g_assert_cmpint(pread(out, found, strlen(words) + 1, 0), ==, strlen(words));
	g_assert_true(memcmp(found, words, strlen(words)) == 0);
	unlink(path);
}

static void test_refused(void)
{
	autofd int in = file_with("x", 0, 1);
	autofd int out = open("/dev/null", O_RDONLY);

	g_assert_false(copy_file(in, out));
	g_assert_cmpint(errno, !=, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/copy/holes", test_holes);
	g_test_add_func("/copy/across", test_across);
	g_test_add_func("/copy/refused", test_refused);
	return g_test_run();
}
