/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child: see child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autofd.h"
#include "child_rules.h"
#include "fault.h"
#include "fdpass.h"
#include "log.h"

#define RULES_FD     4 /* until it is the program */
#define SEND_SECONDS 5
#define STOP_MS      3000

/* Between fork and exec: system calls and no more. */
static void become_program(gpointer data)
{
	const ChildRules *rules = data;

	setsid();
	if (!child_rules_enter(rules, RULES_FD) || (rules->files >= 0 && close(RULES_FD) < 0))
		_exit(127);
}

static gboolean make_pair(int *out_ours, int *out_its, GError **error)
{
	struct timeval timeout = {.tv_sec = SEND_SECONDS};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		fault_set_errno(error, FAULT_BUG, "socketpair");
		return FALSE;
	}
	setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	*out_ours = pair[0];
	*out_its = pair[1];
	return TRUE;
}

/* Nobody reads its words until the end: what does not fit is lost, and nothing waits. */
static gboolean make_mouth(int *out_words, int *out_mouth, GError **error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		fault_set_errno(error, FAULT_BUG, "pipe");
		return FALSE;
	}
	*out_words = ends[0];
	*out_mouth = ends[1];
	return TRUE;
}

gboolean child_start(Child *child, const char *const *argv, const char *const *environment,
		     GError **error)
{
	autofd int ours = -1, its = -1, words = -1, mouth = -1;
	g_autoptr(GError) failure = NULL;
	g_auto(ChildRules) rules = {.files = -1};
	GPid pid;

	*child = (Child){.fd = -1, .words = -1};
	if (!child_rules_make(&rules, argv[0], error) || !make_pair(&ours, &its, error) ||
	    !make_mouth(&words, &mouth, error))
		return FALSE;
	if (!g_spawn_async_with_pipes_and_fds(
		    "/", argv, environment, G_SPAWN_DO_NOT_REAP_CHILD, become_program, &rules, -1,
		    mouth, mouth, (const int[]){its, rules.files},
		    (const int[]){CHILD_FD, RULES_FD}, rules.files < 0 ? 1 : 2, &pid, NULL, NULL,
		    NULL, &failure)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: %s", argv[0], failure->message);
		return FALSE;
	}
	child->pid = pid;
	child->fd = autofd_steal(&ours);
	child->words = autofd_steal(&words);
	return TRUE;
}

gboolean child_send(const Child *child, const void *bytes, gsize n, int fd)
{
	ssize_t sent;

	do
		sent = fdpass_send_one(child->fd, bytes, n, fd, 0);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

gssize child_receive(const Child *child, void *bytes, gsize n)
{
	ssize_t got;

	do
		got = recv(child->fd, bytes, n, MSG_DONTWAIT | MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return 0;
	return got > 0 && (gsize)got <= n ? got : -1;
}

/* ---- the end */

static gboolean wait_for_end(int pid, int ms)
{
	struct pollfd end = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int n = end.fd >= 0 ? poll(&end, 1, ms) : -1;

	if (end.fd >= 0)
		close(end.fd);
	return n > 0;
}

static void log_words(const Child *child, const char *what, int status)
{
	char text[1024];
	ssize_t n = read(child->words, text, sizeof text - 1);

	for (ssize_t i = 0; i < n; i++) {
		if (!g_ascii_isprint(text[i]))
			text[i] = ' ';
	}
	text[MAX(n, 0)] = '\0';
	log_warning(NULL, "%s %d ended by %s %d: %s", what, child->pid,
		    WIFSIGNALED(status) ? "signal" : "exit code",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), text);
}

void child_leave(Child *child)
{
	if (child->fd >= 0)
		close(child->fd);
	if (child->words >= 0)
		close(child->words);
	*child = (Child){.fd = -1, .words = -1};
}

void child_stop(Child *child, const char *what)
{
	int status = 0;

	if (child->fd >= 0)
		close(child->fd);
	child->fd = -1;
	if (child->pid > 0) {
		if (!wait_for_end(child->pid, STOP_MS))
			kill(child->pid, SIGKILL);
		while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
			;
		if (status != 0)
			log_words(child, what, status);
	}
	child_leave(child);
}
