/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_process: see qemu_process.h. */
#include "qemu_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "qemu_argv.h"
#include "run.h"

#define ALIVE         "alive"
#define LOG           "qemu.log"
#define ALIVE_FD      4 /* in QEMU */
#define RULES_FD      5 /* until it is QEMU */
#define KILL_SECONDS  10
#define CMDLINE_BYTES 65536

/* QEMU writes to this directory, too: a link is not followed, and no pipe waited for. */
static int open_in(const char *dir, const char *name, int flags)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	autofd int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat info;

	return fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? autofd_steal(&fd) : -1;
}

/* Between fork and exec: only calls that signal-safety(7) allows. */
static void become_qemu(gpointer data)
{
	const QemuRules *rules = data;
	char text[16];
	char *at = text + sizeof(text);
	pid_t pid = getpid();

	if (!qemu_rules_enter(rules, RULES_FD) || (rules->files >= 0 && close(RULES_FD) < 0))
		_exit(127);
	setsid();
	for (*--at = '\n'; pid > 0; pid /= 10)
		*--at = (char)('0' + pid % 10);
	if (ftruncate(ALIVE_FD, 0) < 0 ||
	    pwrite(ALIVE_FD, at, (gsize)(text + sizeof(text) - at), 0) < 0)
		_exit(127);
}

/* Packs the descriptors that are there, with their numbers in QEMU. */
static gsize inherit(int *from, int *to, gsize n, int fd, int number)
{
	if (fd < 0)
		return n;
	from[n] = fd;
	to[n] = number;
	return n + 1;
}

gboolean qemu_process_start(const char *dir, GStrv argv, const QemuProcessFiles *files,
			    const QemuRules *rules, GError **error)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	autofd int alive = open_in(dir, ALIVE, O_RDWR | O_CREAT);
	autofd int log = open_in(dir, LOG, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
	g_autoptr(GError) failure = NULL;
	int from[5], to[5];
	gsize n = 0;

	if (alive < 0 || log < 0) {
		fault_set_errno(error, FAULT_CONFIG, dir);
		return FALSE;
	}
	if (fcntl(alive, F_OFD_SETLK, &lock) < 0) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s: a QEMU is running there", dir);
		return FALSE;
	}
	n = inherit(from, to, n, files->monitor, QEMU_PROCESS_MONITOR);
	n = inherit(from, to, n, alive, ALIVE_FD);
	n = inherit(from, to, n, rules->files, RULES_FD);
	n = inherit(from, to, n, files->memory, QEMU_PROCESS_MEMORY);
	n = inherit(from, to, n, files->nic, QEMU_PROCESS_NIC);
	/* GLib forks twice, so that QEMU is nobody's child. */
	if (!g_spawn_async_with_pipes_and_fds(
		    dir, (const char *const *)argv, NULL, G_SPAWN_SEARCH_PATH, become_qemu,
		    (gpointer)rules, -1, log, log, from, to, n, NULL, NULL, NULL, NULL, &failure)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s", failure->message);
		return FALSE;
	}
	return TRUE;
}

static gboolean is_locked(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* Whether the process was started for this desktop: by its -name. */
static gboolean is_ours(int pid, const char *desktop_id)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", pid);
	g_autofree char *name = qemu_argv_name(desktop_id);
	g_autofree char *cmdline = NULL;
	gsize n;

	/* With its zero byte: "oriel-a" is not the start of "oriel-ab". */
	return g_file_get_contents(path, &cmdline, &n, NULL) && n < CMDLINE_BYTES &&
	       memmem(cmdline, n, name, strlen(name) + 1);
}

int qemu_process_find(const char *dir, const char *desktop_id)
{
	autofd int alive = open_in(dir, ALIVE, O_RDONLY);
	autofd int pidfd = -1;
	char text[16] = "";
	int pid;

	if (alive < 0 || !is_locked(alive) || pread(alive, text, sizeof(text) - 1, 0) <= 0)
		return -1;
	pid = atoi(text);
	if (pid <= 0)
		return -1;
	pidfd = pidfd_open(pid, 0);
	/* Asked again now that the process is held: if the lock still is, the number was right. */
	if (pidfd < 0 || !is_ours(pid, desktop_id) || !is_locked(alive))
		return -1;
	return autofd_steal(&pidfd);
}

gboolean qemu_process_wait(int pidfd, gint64 deadline)
{
	return dial_wait(pidfd, POLLIN, deadline, "QEMU", NULL);
}

gboolean qemu_process_kill(int pidfd, GError **error)
{
	if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH) {
		fault_set_errno(error, FAULT_DESKTOP, "QEMU: kill");
		return FALSE;
	}
	if (!qemu_process_wait(pidfd, dial_deadline(KILL_SECONDS))) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU does not end, not even by force");
		return FALSE;
	}
	return TRUE;
}

char *qemu_process_last_words(const char *dir)
{
	autofd int log = open_in(dir, LOG, O_RDONLY);
	char text[2048];
	struct stat info;
	gssize n;

	if (log < 0 || fstat(log, &info) < 0)
		return g_strdup("");
	n = pread(log, text, sizeof(text) - 1, MAX(info.st_size - (off_t)(sizeof(text) - 1), 0));
	text[MAX(n, 0)] = '\0';
	return run_last_words(text);
}
