/* SPDX-License-Identifier: GPL-3.0-or-later */
/* upgrade: see upgrade.h. */
#include "upgrade.h"

#include "autofd.h"
#include "fdpass.h"
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS     "ORIEL_GATEWAY_SOCKETS"     /* "5,6": descriptors               */
#define WORKERS     "ORIEL_GATEWAY_WORKERS"     /* "811,812": processes             */
#define GENERATIONS "ORIEL_GATEWAY_GENERATIONS" /* "3,4": of the same, in order     */
#define CHANNEL     "ORIEL_GATEWAY_CHANNEL"     /* "7": descriptor; in a trial only */

/* ---- numbers in the environment */

static void hand_over(const char *name, const GArray *numbers)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < numbers->len; i++)
		g_string_append_printf(text, "%s%d", i ? "," : "", g_array_index(numbers, int, i));
	g_setenv(name, text->str, TRUE);
}

static GArray *take_over(const char *name)
{
	g_auto(GStrv) words = g_strsplit(g_getenv(name) ? g_getenv(name) : "", ",", -1);
	GArray *numbers;

	if (g_getenv(name) == NULL)
		return NULL;
	g_unsetenv(name);
	numbers = g_array_new(FALSE, FALSE, sizeof(int));
	for (char **word = words; *word; word++) {
		gint64 number;

		if (g_ascii_string_to_signed(*word, 10, 0, G_MAXINT, &number, NULL)) {
			int n = (int)number;

			g_array_append_val(numbers, n);
		}
	}
	return numbers;
}

static void hand_over_sockets(const GArray *sockets, const GArray *bound)
{
	g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

	for (guint i = 0; i < sockets->len; i++)
		g_array_append_val(fds, g_array_index(sockets, Socket, i).fd);
	for (guint i = 0; bound && i < bound->len; i++)
		g_array_append_val(fds, g_array_index(bound, Socket, i).fd);
	hand_over(SOCKETS, fds);
}

static void hand_over_workers(const GArray *workers)
{
	g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(int));
	g_autoptr(GArray) generations = g_array_new(FALSE, FALSE, sizeof(int));

	for (guint i = 0; i < workers->len; i++) {
		const UpgradeWorker *worker = &g_array_index(workers, UpgradeWorker, i);
		int pid = (int)worker->pid;

		g_array_append_val(pids, pid);
		g_array_append_val(generations, worker->generation);
	}
	hand_over(WORKERS, pids);
	hand_over(GENERATIONS, generations);
}

/* ---- the trial */

static G_NORETURN void become_trial(char **argv, const GArray *sockets, int channel)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autofree char *number = g_strdup_printf("%d", channel);
	sigset_t none;

	g_assert(argv[0] != NULL);
	for (char **word = argv; *word; word++)
		g_ptr_array_add(words, *word);
	g_ptr_array_add(words, (char *)"--check");
	g_ptr_array_add(words, NULL);
	hand_over_sockets(sockets, NULL);
	g_setenv(CHANNEL, number, TRUE);
	sockets_inherit(sockets, TRUE);
	fcntl(channel, F_SETFD, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], (char **)words->pdata);
	_exit(127);
}

pid_t upgrade_try(char **argv, const GArray *sockets, int *out_channel)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become_trial(argv, sockets, ends[1]);
	close(ends[1]);
	if (pid < 0)
		close(ends[0]);
	else
		*out_channel = ends[0];
	return pid;
}

gboolean upgrade_offer(const GArray *sockets)
{
	g_autoptr(GArray) channel = take_over(CHANNEL);
	int fds[FDPASS_MAX];
	guint n = 0;

	if (channel == NULL || channel->len != 1) {
		errno = EBADF;
		return FALSE;
	}
	for (guint i = 0; i < sockets->len; i++) {
		const Socket *socket = &g_array_index(sockets, Socket, i);

		if (socket->fresh)
			fds[n++] = socket->fd;
		if (n > 0 && (n == FDPASS_MAX || i == sockets->len - 1)) {
			if (fdpass_send(g_array_index(channel, int, 0), "+", 1, fds, n,
					MSG_DONTWAIT) != 1)
				return FALSE;
			n = 0;
		}
	}
	return TRUE;
}

GArray *upgrade_bound(int channel)
{
	autofd int from = channel;
	GArray *bound = g_array_new(FALSE, FALSE, sizeof(Socket));

	for (;;) {
		int fds[FDPASS_MAX];
		guint n;
		char byte;

		if (fdpass_receive(from, &byte, 1, fds, &n, MSG_DONTWAIT) <= 0)
			return bound;
		for (guint i = 0; i < n; i++) {
			Socket socket = {.fd = fds[i], .fresh = TRUE};

			g_array_append_val(bound, socket);
		}
	}
}

/* ---- the exec, and after it */

void upgrade_become(char **argv, const GArray *sockets, const GArray *bound, const GArray *workers)
{
	int why;

	G_STATIC_ASSERT(sizeof(pid_t) == sizeof(int));
	hand_over_sockets(sockets, bound);
	hand_over_workers(workers);
	sockets_inherit(sockets, TRUE);
	sockets_inherit(bound, TRUE);
	execvp(argv[0], argv);
	why = errno;
	sockets_inherit(sockets, FALSE);
	g_unsetenv(SOCKETS);
	g_unsetenv(WORKERS);
	g_unsetenv(GENERATIONS);
	errno = why;
}

GArray *upgrade_sockets(void)
{
	GArray *sockets = take_over(SOCKETS);

	for (guint i = 0; sockets && i < sockets->len; i++)
		fcntl(g_array_index(sockets, int, i), F_SETFD, FD_CLOEXEC);
	return sockets;
}

/* A program before this one may know nothing of generations. */
GArray *upgrade_workers(void)
{
	g_autoptr(GArray) pids = take_over(WORKERS), generations = take_over(GENERATIONS);
	GArray *workers;

	if (pids == NULL)
		return NULL;
	workers = g_array_new(FALSE, FALSE, sizeof(UpgradeWorker));
	for (guint i = 0; i < pids->len; i++) {
		UpgradeWorker worker = {.pid = g_array_index(pids, int, i)};

		if (generations != NULL && i < generations->len)
			worker.generation = g_array_index(generations, int, i);
		g_array_append_val(workers, worker);
	}
	return workers;
}
