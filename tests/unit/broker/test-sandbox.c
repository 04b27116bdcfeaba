/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Processes enter the sandboxes of the broker and of a desktop's QEMU, the product's own code, and
 * try what they may and what they may not. Each attempt that must fail is made outside as well,
 * where it must work, or it proves nothing.
 */
#include "autofd.h"
#include "qemu_rules.h"
#include "rights.h"
#include "sandbox_broker.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	char *dir, *database, *place, *disk, *other_disk, *image, *elsewhere;
	pid_t bystander;
	Options options;
	ProviderImage desktop;
} world;

/* ---- attempts: 0 or errno */

static int open_path(const char *path, int flags)
{
	autofd int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? errno : 0;
}

static int create_in(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "new", NULL);
	int failed = open_path(path, O_WRONLY | O_CREAT);

	return failed ? failed : unlink(path) < 0 ? errno : 0;
}

static int read_database(void)
{
	return open_path(world.database, O_RDONLY);
}

static int write_database(void)
{
	return open_path(world.database, O_RDWR);
}

static int write_own_disk(void)
{
	return open_path(world.disk, O_RDWR);
}

static int read_other_disk(void)
{
	return open_path(world.other_disk, O_RDONLY);
}

static int read_image(void)
{
	return open_path(world.image, O_RDONLY);
}

static int write_image(void)
{
	return open_path(world.image, O_RDWR);
}

static int create_at_home(void)
{
	return create_in(world.place);
}

static int create_in_state(void)
{
	return create_in(world.options.state);
}

static int create_elsewhere(void)
{
	return create_in(world.elsewhere);
}

static int signal_bystander(void)
{
	return kill(world.bystander, SIGCONT) < 0 ? errno : 0;
}

static int trace_bystander(void)
{
	return ptrace(PTRACE_SEIZE, world.bystander, 0, 0) < 0 ? errno : 0;
}

static int mount_something(void)
{
	if (mount("none", world.elsewhere, "tmpfs", 0, NULL) < 0)
		return errno;
	return umount2(world.elsewhere, MNT_DETACH) < 0 ? errno : 0;
}

static int run_program(void)
{
	g_autoptr(GError) error = NULL;
	int status;

	if (!g_spawn_command_line_sync("/bin/true", NULL, NULL, &status, &error))
		return EACCES;
	return status ? EIO : 0;
}

static int use_null(void)
{
	return open_path("/dev/null", O_RDWR);
}

/* ---- the three ways to try */

typedef enum { OUTSIDE, IN_BROKER, IN_QEMU } Where;

static gboolean enter(Where where)
{
	const char *lacks = NULL;
	autofd int rules = -1;

	if (where == OUTSIDE)
		return TRUE;
	if (!sandbox_broker(&world.options, &lacks, NULL))
		return FALSE;
	return where == IN_BROKER ||
	       (qemu_rules_new(world.place, world.options.state, &world.desktop, &rules, NULL) &&
		landlock_enter(rules, NULL));
}

static int run_in_child(int (*attempt)(void), Where where)
{
	int status;
	pid_t pid = fork();

	g_assert_cmpint(pid, >=, 0);
	if (pid == 0)
		_exit(enter(where) ? attempt() : 255);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), !=, 255);
	return WEXITSTATUS(status);
}

typedef struct {
	const char *name;
	Where where;
	int (*attempt)(void);
	int expect;
} Case;

static const Case cases[] = {
	{"broker/write-database", IN_BROKER, write_database, 0},
	{"broker/create-in-state", IN_BROKER, create_in_state, 0},
	{"broker/read-image", IN_BROKER, read_image, 0},
	{"broker/run-program", IN_BROKER, run_program, 0},
	{"broker/signal", IN_BROKER, signal_bystander, 0},
	{"broker/null", IN_BROKER, use_null, 0},
	{"broker/write-image", IN_BROKER, write_image, EACCES},
	{"broker/create-elsewhere", IN_BROKER, create_elsewhere, EACCES},
	{"broker/trace", IN_BROKER, trace_bystander, EPERM},
	{"broker/mount", IN_BROKER, mount_something, EPERM},

	{"qemu/own-disk", IN_QEMU, write_own_disk, 0},
	{"qemu/sockets", IN_QEMU, create_at_home, 0},
	{"qemu/read-image", IN_QEMU, read_image, 0},
	{"qemu/run-program", IN_QEMU, run_program, 0},
	{"qemu/null", IN_QEMU, use_null, 0},
	{"qemu/write-image", IN_QEMU, write_image, EACCES},
	{"qemu/read-database", IN_QEMU, read_database, EACCES},
	{"qemu/write-database", IN_QEMU, write_database, EACCES},
	{"qemu/other-disk", IN_QEMU, read_other_disk, EACCES},
	{"qemu/create-in-state", IN_QEMU, create_in_state, EACCES},
	{"qemu/create-elsewhere", IN_QEMU, create_elsewhere, EACCES},
	{"qemu/signal", IN_QEMU, signal_bystander, EPERM},
	{"qemu/trace", IN_QEMU, trace_bystander, EPERM},
};

static void test_case(gconstpointer data)
{
	const Case *c = data;

	if (c->expect != 0 && (SANDBOX_OPEN || landlock_lacks() != NULL)) {
		g_test_skip("a sanitizer's build or an old kernel has no such sandbox");
		return;
	}
	if (c->where == IN_BROKER && c->expect == EACCES &&
	    (g_str_has_prefix(world.dir, "/tmp/") || g_str_has_prefix(world.dir, "/var/tmp/"))) {
		g_test_skip("built where everybody may write");
		return;
	}
	if (run_in_child(c->attempt, OUTSIDE) != 0) {
		g_test_skip("not possible outside either");
		return;
	}
	g_assert_cmpint(run_in_child(c->attempt, c->where), ==, c->expect);
}

/* ---- the world, below the build directory: the broker may write anywhere in /tmp */

static char *make_file(const char *dir, const char *name)
{
	char *path = g_build_filename(dir, name, NULL);

	g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
	g_assert_true(g_file_set_contents(path, "x", -1, NULL));
	return path;
}

static void world_make(void)
{
	g_autofree char *here = g_get_current_dir();
	g_autofree char *other = NULL, *images = NULL, *run = NULL;

	world.dir = g_build_filename(here, "oriel-sandbox-XXXXXX", NULL);
	g_assert_nonnull(g_mkdtemp(world.dir));
	world.options.state = g_build_filename(world.dir, "state", NULL);
	world.place = g_build_filename(world.options.state, "qemu/desktops/d1", NULL);
	other = g_build_filename(world.options.state, "qemu/desktops/d2", NULL);
	images = g_build_filename(world.dir, "images", NULL);
	world.elsewhere = g_build_filename(world.dir, "elsewhere", NULL);
	run = g_build_filename(world.dir, "run", NULL);
	world.database = make_file(world.options.state, "broker.db");
	world.disk = make_file(world.place, "overlay");
	world.other_disk = make_file(other, "overlay");
	world.image = make_file(images, "disk");
	g_assert_cmpint(g_mkdir(world.elsewhere, 0700), ==, 0);
	g_assert_cmpint(g_mkdir(run, 0700), ==, 0);
	world.options.control = g_build_filename(run, "control.sock", NULL);
	world.options.web = g_build_filename(run, "web.sock", NULL);
	world.options.admin = g_build_filename(run, "admin.sock", NULL);
	world.desktop.disk = world.image;
	world.bystander = fork();
	if (world.bystander == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *inner = g_build_filename(path, name, NULL);

		remove_tree(inner);
	}
	g_remove(path);
}

static void world_end(void)
{
	kill(world.bystander, SIGKILL);
	waitpid(world.bystander, NULL, 0);
	remove_tree(world.dir);
	g_free(world.dir);
	g_free(world.database);
	g_free(world.place);
	g_free(world.disk);
	g_free(world.other_disk);
	g_free(world.image);
	g_free(world.elsewhere);
	g_free(world.options.state);
	g_free(world.options.control);
	g_free(world.options.web);
	g_free(world.options.admin);
}

int main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	world_make();
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/sandbox/", cases[i].name, NULL);

		g_test_add_data_func(path, &cases[i], test_case);
	}
	status = g_test_run();
	world_end();
	return status;
}
