/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_process: see qemu_process.h. */
#include "qemu/qemu_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "qemu/qemu_argv.h"
#include "run.h"

#define ALIVE        "alive"
#define LOG          "qemu.log"
#define ALIVE_FD     4 /* until it is QEMU */
#define RULES_FD     5 /* the same */
#define LOCK_FD      8 /* in QEMU: the lock */
#define KILL_SECONDS 10
#define STAT_BYTES   1024 /* of /proc/PID/stat, whose beginning is all that counts */
#define BOOT_BYTES   36   /* of the boot's id, a UUID */

/* Without Landlock QEMU could have written to this directory, too: a link is not followed, and no
 * pipe waited for. */
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
	char text[STAT_BYTES];
	int self = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(self, text, sizeof(text));

	if (n <= 0 || pwrite(ALIVE_FD, text, (gsize)n, BOOT_BYTES) != n || close(ALIVE_FD) < 0)
		_exit(127);
	if (!qemu_rules_enter(rules, RULES_FD) || (rules->files >= 0 && close(RULES_FD) < 0))
		_exit(127);
	setsid();
}

/* TRUE: it says which boot this is. */
static gboolean read_boot(char boot[BOOT_BYTES])
{
	autofd int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, boot, BOOT_BYTES) == BOOT_BYTES;
}

/* The file, locked against others, and empty but for this boot's id; *out_lock: the lock, in a
 * descriptor that cannot write. -1: errno says why. */
static int open_alive(const char *dir, int *out_lock)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct flock shared = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	autofd int alive = open_in(dir, ALIVE, O_RDWR | O_CREAT);
	autofd int reader = alive < 0 ? -1 : open_in(dir, ALIVE, O_RDONLY);
	char boot[BOOT_BYTES];

	if (reader < 0 || fcntl(alive, F_OFD_SETLK, &lock) < 0 ||
	    fcntl(alive, F_OFD_SETLK, &shared) < 0 || fcntl(reader, F_OFD_SETLK, &shared) < 0 ||
	    ftruncate(alive, 0) < 0 || !read_boot(boot) ||
	    pwrite(alive, boot, BOOT_BYTES, 0) != BOOT_BYTES)
		return -1;
	*out_lock = autofd_steal(&reader);
	return autofd_steal(&alive);
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
	autofd int lock = -1, alive = -1;
	autofd int running = qemu_process_find(dir);
	autofd int log = open_in(dir, LOG, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
	g_autoptr(GError) failure = NULL;
	int from[6], to[6];
	gsize n = 0;

	alive = running < 0 && log >= 0 ? open_alive(dir, &lock) : -1;
	if (running >= 0 || (alive < 0 && errno == EAGAIN)) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s: a QEMU is running there", dir);
		return FALSE;
	}
	if (alive < 0) {
		fault_set_errno(error, FAULT_CONFIG, dir);
		return FALSE;
	}
	n = inherit(from, to, n, files->monitor, QEMU_PROCESS_MONITOR);
	n = inherit(from, to, n, alive, ALIVE_FD);
	n = inherit(from, to, n, lock, LOCK_FD);
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

typedef struct {
	int pid;
	unsigned long long began; /* in ticks since the boot */
} Born;

/* From proc(5)'s stat; the name between the brackets is anybody's choice. */
static gboolean read_born(const char *text, Born *out)
{
	const char *name_end = strrchr(text, ')');

	return name_end && sscanf(text, "%d", &out->pid) == 1 && out->pid > 0 &&
	       sscanf(name_end + 1,
		      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d"
		      " %*d %llu",
		      &out->began) == 1;
}

/* What the process wrote that was started last, in this boot. */
static gboolean read_alive(const char *dir, Born *out)
{
	autofd int alive = open_in(dir, ALIVE, O_RDONLY);
	char text[BOOT_BYTES + STAT_BYTES + 1] = "", boot[BOOT_BYTES];
	ssize_t n = alive < 0 ? -1 : pread(alive, text, sizeof(text) - 1, 0);

	return n > BOOT_BYTES && read_boot(boot) && memcmp(text, boot, BOOT_BYTES) == 0 &&
	       read_born(text + BOOT_BYTES, out);
}

/* Whether the process of this number began then. */
static gboolean is_same(const Born *born)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", born->pid);
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[STAT_BYTES + 1] = "";
	Born now;

	return fd >= 0 && read(fd, text, STAT_BYTES) > 0 && read_born(text, &now) &&
	       now.pid == born->pid && now.began == born->began;
}

int qemu_process_find(const char *dir)
{
	autofd int pidfd = -1;
	Born born;

	if (!read_alive(dir, &born))
		return -1;
	pidfd = pidfd_open(born.pid, 0);
	/* Asked now that the process is held. One that has ended may be there, for its parent. */
	if (pidfd < 0 || !is_same(&born) || qemu_process_wait(pidfd, 0))
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
