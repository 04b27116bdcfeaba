/* SPDX-License-Identifier: GPL-3.0-or-later */
/* upgrade: see upgrade.h. */
#include "upgrade.h"

#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define SOCKETS "ORIEL_GATEWAY_SOCKETS" /* "5,6": descriptors */
#define WORKERS "ORIEL_GATEWAY_WORKERS" /* "811,812": processes */

pid_t upgrade_try(char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	pid_t pid;

	g_assert(argv[0] != NULL);
	for (char **word = argv; *word; word++)
		g_ptr_array_add(words, *word);
	g_ptr_array_add(words, (char *)"--check");
	g_ptr_array_add(words, NULL);
	pid = fork();
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(argv[0], (char **)words->pdata);
		_exit(127);
	}
	return pid;
}

static void hand_over(const char *name, const GArray *numbers)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < numbers->len; i++)
		g_string_append_printf(text, "%s%d", i ? "," : "", g_array_index(numbers, int, i));
	g_setenv(name, text->str, TRUE);
}

void upgrade_become(char **argv, const GArray *sockets, const GArray *workers)
{
	g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
	int why;

	G_STATIC_ASSERT(sizeof(pid_t) == sizeof(int));
	for (guint i = 0; i < sockets->len; i++)
		g_array_append_val(fds, g_array_index(sockets, Socket, i).fd);
	hand_over(SOCKETS, fds);
	hand_over(WORKERS, workers);
	sockets_inherit(sockets, TRUE);
	execvp(argv[0], argv);
	why = errno;
	sockets_inherit(sockets, FALSE);
	g_unsetenv(SOCKETS);
	g_unsetenv(WORKERS);
	errno = why;
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

		if (g_ascii_string_to_signed(*word, 10, 1, G_MAXINT, &number, NULL)) {
			int n = (int)number;

			g_array_append_val(numbers, n);
		}
	}
	return numbers;
}

GArray *upgrade_sockets(void)
{
	GArray *sockets = take_over(SOCKETS);

	for (guint i = 0; sockets && i < sockets->len; i++)
		fcntl(g_array_index(sockets, int, i), F_SETFD, FD_CLOEXEC);
	return sockets;
}

GArray *upgrade_workers(void)
{
	return take_over(WORKERS);
}
