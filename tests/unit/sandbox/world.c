/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world: see world.h. */
#include "world.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"

World world;

static gboolean is_root(void)
{
	return geteuid() == 0;
}

static void give_away(const char *path)
{
	if (is_root())
		g_assert_cmpint(chown(path, WORLD_OWNER, WORLD_OWNER), ==, 0);
}

static char *make_dir(const char *name, int mode)
{
	char *path = g_build_filename(world.dir, name, NULL);

	g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
	g_assert_cmpint(g_chmod(path, mode), ==, 0);
	give_away(path);
	return path;
}

static char *make_file(const char *name, int mode)
{
	char *path = g_build_filename(world.dir, name, NULL);

	g_assert_true(g_file_set_contents(path, "x", -1, NULL));
	g_assert_cmpint(g_chmod(path, mode), ==, 0);
	give_away(path);
	return path;
}

static char *listen_unix(const char *name, int mode, int *out_fd)
{
	char *path = g_build_filename(world.dir, name, NULL);

	*out_fd = scratch_listen_unix(path);
	g_assert_cmpint(g_chmod(path, mode), ==, 0);
	give_away(path);
	return path;
}

static pid_t start_bystander(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (is_root() && (setresgid(WORLD_OWNER, WORLD_OWNER, WORLD_OWNER) < 0 ||
			  setresuid(WORLD_OWNER, WORLD_OWNER, WORLD_OWNER) < 0))
		_exit(1);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* only a sandbox forbids its user to look inside */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* Not in /tmp, where the broker may write; and where other users can get to. */
void world_make(void)
{
	g_autofree char *here = is_root() ? g_strdup("/run") : g_get_current_dir();
	g_autofree char *qemu = NULL, *desktops = NULL, *other = NULL, *images = NULL, *run = NULL;
	g_autofree char *tls = NULL;

	world.dir = g_build_filename(here, "oriel-sandbox-XXXXXX", NULL);
	g_assert_nonnull(g_mkdtemp(world.dir));
	g_assert_cmpint(g_chmod(world.dir, 0755), ==, 0);
	give_away(world.dir);
	world.options.state = make_dir("state", 0700);
	qemu = make_dir("state/qemu", 0700);
	desktops = make_dir("state/qemu/desktops", 0700);
	world.place = make_dir("state/qemu/desktops/d1", 0700);
	other = make_dir("state/qemu/desktops/d2", 0700);
	images = make_dir("images", 0755);
	world.elsewhere = make_dir("elsewhere", 0755);
	run = make_dir("run", 0755);
	tls = make_dir("tls", 0755);
	world.database = make_file("state/broker.db", 0600);
	world.other_key = make_file("state/other.key", 0600);
	world.disk = make_file("state/qemu/desktops/d1/overlay", 0600);
	world.other_disk = make_file("state/qemu/desktops/d2/overlay", 0600);
	world.image = make_file("images/disk", 0644);
	world.options.certificate = make_file("tls/tls.crt", 0644);
	world.options.key = make_file("tls/tls.key", 0600);
	world.options.ocsp = g_strdup("");
	world.options.audit_file = g_strdup("");
	world.options.tunnel_listen = g_strdup("");
	world.options.tunnel_directory = g_steal_pointer(&run);
	world.options.tunnel_certificate = g_strdup(world.options.certificate);
	world.options.tunnel_key = g_strdup(world.options.key);
	world.options.tunnel_ca = g_strdup(world.options.certificate);
	world.desktop.disk = world.image;
	world.hypervisor = listen_unix("hypervisor", 0600, &world.listeners[0]);
	world.options.admin = listen_unix("run/admin", 0600, &world.listeners[1]);
	world.options.control = listen_unix("run/control", 0666, &world.listeners[2]);
	world.options.web = g_build_filename(world.dir, "run/web", NULL);
	world.listeners[3] = scratch_listen_tcp(&world.tcp_port);
	world.bystander = start_bystander();
}

void world_end(void)
{
	char **const words[] = {
		&world.dir,
		&world.database,
		&world.other_key,
		&world.place,
		&world.disk,
		&world.other_disk,
		&world.image,
		&world.elsewhere,
		&world.hypervisor,
		&world.options.state,
		&world.options.certificate,
		&world.options.key,
		&world.options.ocsp,
		&world.options.audit_file,
		&world.options.admin,
		&world.options.control,
		&world.options.web,
		&world.options.tunnel_listen,
		&world.options.tunnel_directory,
		&world.options.tunnel_certificate,
		&world.options.tunnel_key,
		&world.options.tunnel_ca,
	};

	kill(world.bystander, SIGKILL);
	waitpid(world.bystander, NULL, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(world.listeners); i++)
		close(world.listeners[i]);
	scratch_remove(world.dir);
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		g_clear_pointer(words[i], g_free);
}
