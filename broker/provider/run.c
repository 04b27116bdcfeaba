/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run: see run.h. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "secret.h"

#define OUTPUT_MAX (64 * 1024)
#define LAST_LINES 3
#define LAST_BYTES 500

char *run_last_words(const char *output)
{
	const char *end = output + strlen(output);
	const char *start;
	GString *words = g_string_new(NULL);

	while (end > output && g_ascii_isspace(end[-1]))
		end--;
	start = end;
	for (int lines = 0; start > output && end - start < LAST_BYTES; start--) {
		if (start[-1] == '\n' && ++lines == LAST_LINES)
			break;
	}
	for (; start < end; start++)
		g_string_append_c(words, g_ascii_isprint(*start) ? *start : ' ');
	return g_string_free(words, FALSE);
}

/* Reads until the program closes its end, has printed `until`, or the deadline passes. */
static gboolean collect(int fd, const char *until, gint64 deadline, GString *output,
			gboolean *out_found, GError **error)
{
	for (;;) {
		char bytes[4096];
		ssize_t n;

		if (!dial_wait(fd, POLLIN, deadline, "helper program", error))
			return FALSE;
		n = read(fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return TRUE;
		g_string_append_len(output, bytes, MIN(n, (gssize)(OUTPUT_MAX - output->len)));
		if (until && memmem(output->str, output->len, until, strlen(until))) {
			*out_found = TRUE;
			return TRUE;
		}
	}
}

/* The wait status. A program that has closed its output may still take a moment to end. */
static int reap(GPid pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static gboolean run_in(const RunRules *rules, const char *const *argv, char **environment,
		       const char *until, unsigned seconds, char **out_output, GError **error)
{
	g_autoptr(GString) output = g_string_new(NULL);
	g_autoptr(GError) failure = NULL;
	autofd int out = -1, in = -1;
	gboolean collected, found = FALSE;
	int pipe_fds[2], status;
	GPid pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		fault_set_errno(error, FAULT_BUG, "pipe");
		return FALSE;
	}
	out = pipe_fds[0];
	in = pipe_fds[1];
	if (!g_spawn_async_with_pipes_and_fds(NULL, argv, (const char *const *)environment,
					      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
					      rules->enter, rules->data, -1, in, in, &rules->fd,
					      &rules->number, rules->fd < 0 ? 0 : 1, &pid, NULL,
					      NULL, NULL, &failure)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s", failure->message);
		return FALSE;
	}
	close(autofd_steal(&in));
	collected = collect(out, until, dial_deadline(seconds), output, &found, error);
	if (!collected || found)
		kill(pid, SIGKILL);
	status = reap(pid);
	g_spawn_close_pid(pid);
	if (!collected)
		return FALSE;
	if (until ? !found : !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
		g_autofree char *words = run_last_words(output->str);

		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: %s", argv[0], words);
		return FALSE;
	}
	if (out_output)
		*out_output = g_strdup(output->str);
	return TRUE;
}

static const RunRules no_rules = {.fd = -1};

gboolean run_program(const char *const *argv, const char *until, unsigned seconds,
		     char **out_output, GError **error)
{
	return run_in(&no_rules, argv, NULL, until, seconds, out_output, error);
}

gboolean run_program_under(const RunRules *rules, const char *const *argv, unsigned seconds,
			   char **out_output, GError **error)
{
	return run_in(rules, argv, NULL, NULL, seconds, out_output, error);
}

gboolean run_program_with(const char *const *argv, const char *variable, const char *value,
			  unsigned seconds, char **out_output, GError **error)
{
	char **environment = g_environ_setenv(g_get_environ(), variable, value, TRUE);
	gboolean done = run_in(&no_rules, argv, environment, NULL, seconds, out_output, error);

	for (char **entry = environment; *entry; entry++)
		secret_wipe(*entry, strlen(*entry));
	g_strfreev(environment);
	return done;
}
