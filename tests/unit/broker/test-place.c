/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A desktop's directory on this machine: made, renewed, proven; and in the hands of a QEMU that was
 * taken over. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autofd.h"
#include "fault.h"
#include "log.h"
#include "place.h"
#include "qemu/qemu_argv.h"
#include "qemu/qemu_process.h"
#include "qemu/qemu_snapshot.h"
#include "scratch.h"

/* An overlay on a raw disk, twice: other identity, nothing left of what lay there. */
static void test_place(void)
{
	g_autofree char *dir = g_dir_make_tmp("oriel-place-XXXXXX", NULL);
	g_autofree char *disk = g_build_filename(dir, "golden", NULL);
	g_autofree char *place = place_of(dir, "d-1");
	g_autofree char *litter = g_build_filename(place, "litter", NULL);
	g_autofree char *overlay = g_build_filename(place, QEMU_OVERLAY, NULL);
	g_autofree char *desktops = g_build_filename(dir, "desktops", NULL);
	g_autofree char *one = NULL, *two = NULL, *now = NULL, *template = NULL, *random = NULL;
	g_autoptr(GPtrArray) ids = NULL;
	g_autoptr(GError) error = NULL;
	ProviderImage image = {.disk = disk};

	g_file_set_contents(disk, "0123456789", -1, &error);
	g_assert_no_error(error);
	place_open(dir, &error);
	g_assert_no_error(error);
	g_assert_null(place_identity(dir, "d-1"));
	place_renew(dir, "d-1", &image, NULL, &one, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(place_disk_format(overlay, NULL), ==, "qcow2");
	g_assert_cmpstr(place_disk_format(disk, NULL), ==, "raw");
	g_file_set_contents(litter, "x", -1, &error);
	g_assert_no_error(error);
	place_renew(dir, "d-1", &image, NULL, &two, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(one, !=, two);
	now = place_identity(dir, "d-1");
	g_assert_cmpstr(now, ==, two);
	g_assert_false(g_file_test(litter, G_FILE_TEST_EXISTS));
	ids = place_list(dir, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(ids->len, ==, 1);

	/* Of a template: nobody may have it before it has proven who it is. */
	g_assert_false(place_unproven(dir, "d-1"));
	g_free(g_steal_pointer(&one));
	place_renew(dir, "d-1", &image, "t-1", &one, &error);
	g_assert_no_error(error);
	template = place_template(dir, "d-1");
	g_assert_cmpstr(template, ==, "t-1");
	g_assert_true(place_unproven(dir, "d-1"));
	g_assert_null(place_random(dir, "d-1"));
	g_assert_true(place_proven(dir, "d-1", "chance", &error));
	g_assert_false(place_unproven(dir, "d-1"));
	random = place_random(dir, "d-1");
	g_assert_cmpstr(random, ==, "chance");
	g_free(g_steal_pointer(&two));
	place_renew(dir, "d-1", &image, NULL, &two, &error);
	g_assert_no_error(error);
	g_assert_null(place_template(dir, "d-1"));

	/* A renewal that fails leaves no desktop, least of all the old one. */
	image.disk = "/nowhere";
	g_assert_false(place_renew(dir, "d-1", &image, NULL, &two, &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_null(place_identity(dir, "d-1"));
	g_clear_error(&error);

	g_assert_true(place_remove(dir, "d-1", &error));
	g_assert_true(place_remove(dir, "d-1", &error));
	g_assert_false(g_file_test(place, G_FILE_TEST_EXISTS));
	g_unlink(disk);
	g_rmdir(desktops);
	g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* Who has taken over a QEMU may put anything into its directory: nothing of it is followed, waited
 * for or read without end, and it does not lie in the next one's way. */
static void test_hostile_place(void)
{
	static const char *const names[] = {"identity", "template", "random", "alive"};
	static const char word[] = "5ed1a5ca-692c-444e-b2d6-e00160653480";
	g_autofree char *dir = g_dir_make_tmp("oriel-place-XXXXXX", NULL);
	g_autofree char *place = place_of(dir, "d-1");
	g_autofree char *inner = g_build_filename(place, QEMU_INSIDE, "inner", NULL);
	g_autofree char *overlay = g_build_filename(place, QEMU_OVERLAY, NULL);
	g_autofree char *text = NULL;
	g_autofree char *secret = g_build_filename(dir, "secret", NULL);
	g_autofree char *long_word = g_strnfill(256, 'a');
	g_autofree char *identity = NULL;
	g_autoptr(GError) error = NULL;
	int before;

	g_assert_true(place_open(dir, &error));
	g_assert_true(g_file_set_contents(secret, word, -1, NULL));
	place_renew(dir, "d-1", &(ProviderImage){0}, NULL, &identity, &error);
	g_assert_no_error(error);
	for (int kind = 0; kind < 3; kind++) {
		for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
			g_autofree char *path = g_build_filename(place, names[i], NULL);

			g_unlink(path);
			g_assert_cmpint(kind == 0 ? mkfifo(path, 0600)
					: kind == 1
						? symlink(secret, path)
						: !g_file_set_contents(path, long_word, -1, NULL),
					==, 0);
		}
		g_assert_null(place_identity(dir, "d-1"));
		g_assert_null(place_template(dir, "d-1"));
		g_assert_null(place_random(dir, "d-1"));
		g_assert_cmpint(qemu_process_find(place), ==, -1);
	}
	before = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
	g_unlink(overlay);
	g_assert_cmpint(symlink(secret, overlay), ==, 0);
	g_assert_true(place_overlay(overlay, secret, NULL));
	g_assert_true(g_file_get_contents(secret, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, word);
	g_clear_pointer(&identity, g_free);
	place_renew(dir, "d-1", &(ProviderImage){0}, NULL, &identity, &error);
	g_assert_no_error(error);
	g_assert_false(g_file_test(inner, G_FILE_TEST_EXISTS));
	/* Who had the old directory has nothing of the new one. */
	g_assert_cmpint(faccessat(before, "identity", F_OK, 0), ==, -1);
	close(before);
	scratch_remove(dir);
}

/* Who has taken over a QEMU can neither say that its desktop is another, or fresh, nor that it does
 * not run: a broker that was restarted finds it, to end it. */
static void test_hostile_qemu(void)
{
	static const char deeds[] =
		"exec 2> /dev/null\n"
		"for fd in /proc/$$/fd/*; do fd=${fd##*/}; test $fd -lt 3 || eval \"exec $fd>&-\"; "
		"done\n"
		"for name in identity unproven template random alive suspended new; do\n"
		"  echo forged > $name; rm -f $name; done\n"
		"rmdir qemu; mv qemu other; echo mine > qemu/done\n"
		"exec sleep 120\n";
	g_autofree char *dir = g_dir_make_tmp("oriel-hostile-XXXXXX", NULL);
	g_autofree char *place = place_of(dir, "d-1");
	g_autofree char *inside = g_build_filename(place, QEMU_INSIDE, NULL);
	g_autofree char *done = g_build_filename(inside, "done", NULL);
	g_autofree char *fresh = g_build_filename(place, "new", NULL);
	g_autofree char *identity = NULL, *now = NULL;
	char *argv[] = {(char *)"/bin/bash", (char *)"-c", (char *)deeds, NULL};
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	g_autoptr(QemuRules) rules = NULL;
	g_autoptr(GError) error = NULL;
	autofd int pidfd = -1;
	ProviderImage image = {0};

	g_assert_true(place_open(dir, NULL));
	place_renew(dir, "d-1", &image, NULL, &identity, &error);
	g_assert_no_error(error);
	rules = qemu_rules_new(inside, dir, NULL, &image, &error);
	g_assert_no_error(error);
	if (rules->files < 0) {
		g_test_skip("no Landlock here");
	} else {
		g_assert_cmpint(qemu_process_find(place), ==, -1);
		qemu_process_start(place, argv, &(QemuProcessFiles){-1, -1, -1}, rules, &error);
		g_assert_no_error(error);
		while (!g_file_test(done, G_FILE_TEST_EXISTS) && g_get_monotonic_time() < deadline)
			g_usleep(1000);
		g_assert_true(g_file_test(done, G_FILE_TEST_EXISTS));
		now = place_identity(dir, "d-1");
		g_assert_cmpstr(now, ==, identity);
		g_assert_false(place_unproven(dir, "d-1"));
		g_assert_null(place_template(dir, "d-1"));
		g_assert_false(g_file_test(fresh, G_FILE_TEST_EXISTS));
		g_assert_false(qemu_process_start(place, argv, &(QemuProcessFiles){-1, -1, -1},
						  rules, &error));
		g_assert_error(error, FAULT, FAULT_BUSY);
		pidfd = qemu_process_find(place);
		g_assert_cmpint(pidfd, >=, 0);
		g_assert_true(qemu_process_kill(pidfd, NULL));
		g_assert_cmpint(qemu_process_find(place), ==, -1);
	}
	scratch_remove(dir);
}

/* A disk whose QEMU was taken over may name any file as what lies below it: qemu-img reads none
 * that this QEMU may not. */
static void test_hostile_disk(void)
{
	g_autofree char *base = g_dir_make_tmp("oriel-disk-XXXXXX", NULL);
	g_autofree char *state = g_build_filename(base, "state", NULL);
	g_autofree char *disk = g_build_filename(base, "golden", NULL);
	g_autofree char *books = g_build_filename(state, "books", NULL);
	g_autofree char *place = place_of(state, "d-1");
	g_autofree char *inside = g_build_filename(place, QEMU_INSIDE, NULL);
	g_autofree char *overlay = g_build_filename(place, QEMU_OVERLAY, NULL);
	g_autofree char *identity = NULL;
	g_autoptr(QemuRules) rules = NULL;
	g_autoptr(GError) error = NULL;
	ProviderImage image = {.disk = disk};

	g_assert_true(place_open(state, NULL));
	g_assert_true(g_file_set_contents(disk, "0123456789", -1, NULL));
	g_assert_true(g_file_set_contents(books, "who may what", -1, NULL));
	place_renew(state, "d-1", &image, NULL, &identity, &error);
	g_assert_no_error(error);
	rules = qemu_rules_new(inside, state, NULL, &image, &error);
	g_assert_no_error(error);
	qemu_snapshot(place, rules, FALSE, PROVIDER_TAKE, "n-1", &error);
	g_assert_no_error(error);
	qemu_snapshot(place, rules, FALSE, PROVIDER_REVERT, "n-1", &error);
	g_assert_no_error(error);
	g_unlink(overlay);
	g_assert_true(place_overlay(overlay, books, NULL));
	if (rules->files >= 0) { /* else there is no Landlock */
		g_assert_false(qemu_snapshot(place, rules, FALSE, PROVIDER_TAKE, "n-2", &error));
		g_assert_error(error, FAULT, FAULT_DESKTOP);
		g_assert_nonnull(strstr(error->message, "Permission denied"));
	}
	scratch_remove(base);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
	g_test_add_func("/place/renewed", test_place);
	g_test_add_func("/place/hostile-place", test_hostile_place);
	g_test_add_func("/place/hostile-qemu", test_hostile_qemu);
	g_test_add_func("/place/hostile-disk", test_hostile_disk);
	return g_test_run();
}
