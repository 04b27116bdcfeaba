/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_process: see lobby_process.h. */
#include "lobby_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autofd.h"
#include "control/jsonframe.h"
#include "fault.h"
#include "landlock.h"
#include "log.h"
#include "rights.h"
#include "secret.h"
#include "syscalls.h"

#define LOBBY_FD     3 /* in the lobby */
#define RULES_FD     4 /* until it is the lobby */
#define SEND_SECONDS 5
#define STOP_MS      2000
#define DATA_BYTES   (256 * 1024 * 1024) /* of its own: twice the largest picture, and room */
#define OPEN_FILES   64

typedef struct {
	int files; /* Landlock's rules, -1 = the kernel has none */
	struct sock_fprog calls;
} Rules;

static const struct {
	const char *path;
	LandlockUse use;
} machine[] = {
	{"/usr", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/bin", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/lib", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/lib64", LANDLOCK_READ | LANDLOCK_EXECUTE},
	{"/etc/ld.so.cache", LANDLOCK_READ},
	{"/etc/localtime", LANDLOCK_READ},
	{"/etc/fonts", LANDLOCK_READ},
	{"/var/cache/fontconfig", LANDLOCK_READ},
	{"/dev/null", LANDLOCK_READ | LANDLOCK_WRITE},
	{"/dev/urandom", LANDLOCK_READ},
};

static gboolean rules_make(Rules *rules, const char *program, GError **error)
{
	*rules = (Rules){.files = -1};
	if (SANDBOX_OPEN)
		return TRUE;
	if (!landlock_new(0, &rules->files, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(machine); i++) {
		if (!landlock_allow(rules->files, machine[i].path, machine[i].use, error))
			return FALSE;
	}
	return landlock_allow(rules->files, program, LANDLOCK_READ | LANDLOCK_EXECUTE, error) &&
	       syscalls_serve_only(&rules->calls, error);
}

static void rules_clear(Rules *rules)
{
	if (rules->files >= 0)
		close(rules->files);
	syscalls_program_clear(&rules->calls);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rules, rules_clear)

/* Between fork and exec: system calls and no more. */
static void become_lobby(gpointer data)
{
	const struct rlimit memory = {DATA_BYTES, DATA_BYTES}, files = {OPEN_FILES, OPEN_FILES};
	const struct rlimit none = {0, 0};
	const Rules *rules = data;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_NOFILE, &files) < 0)
		_exit(127);
	setsid();
	if (SANDBOX_OPEN)
		return;
	if (setrlimit(RLIMIT_DATA, &memory) < 0 ||
	    !landlock_enter(rules->files < 0 ? -1 : RULES_FD, NULL) ||
	    (rules->files >= 0 && close(RULES_FD) < 0) || !syscalls_enter(&rules->calls))
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

gboolean lobby_process_start(LobbyProcess *process, const char *program, const char *face,
			     GError **error)
{
	static const char *const environment[] = {"LANG=C.UTF-8", "HOME=/", NULL};
	const char *const argv[] = {program, face, NULL};
	autofd int ours = -1, its = -1, words = -1, mouth = -1;
	g_autoptr(GError) failure = NULL;
	g_auto(Rules) rules = {.files = -1};
	int pipe_fds[2];
	GPid pid;

	*process = (LobbyProcess){.fd = -1, .words = -1};
	if (!rules_make(&rules, program, error) || !make_pair(&ours, &its, error))
		return FALSE;
	/* Nobody reads it until the end: what does not fit is lost, and nothing waits. */
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		fault_set_errno(error, FAULT_BUG, "pipe");
		return FALSE;
	}
	words = pipe_fds[0];
	mouth = pipe_fds[1];
	if (!g_spawn_async_with_pipes_and_fds(
		    "/", argv, (const char *const *)environment, G_SPAWN_DO_NOT_REAP_CHILD,
		    become_lobby, &rules, -1, mouth, mouth, (const int[]){its, rules.files},
		    (const int[]){LOBBY_FD, RULES_FD}, rules.files < 0 ? 1 : 2, &pid, NULL, NULL,
		    NULL, &failure)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: %s", program, failure->message);
		return FALSE;
	}
	process->pid = pid;
	process->fd = autofd_steal(&ours);
	process->words = autofd_steal(&words);
	return TRUE;
}

gboolean lobby_process_send(LobbyProcess *process, const LobbyMessage *message, int fd)
{
	GByteArray *bytes = lobby_encode(message);
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {bytes->data, bytes->len};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (fd >= 0) {
		header.msg_control = &control;
		header.msg_controllen = sizeof control;
		control.align = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS,
						 .cmsg_len = CMSG_LEN(sizeof fd)};
		memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
	}
	do
		n = sendmsg(process->fd, &header, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	jsonframe_wipe(bytes);
	return n >= 0;
}

int lobby_process_receive(LobbyProcess *process, LobbyMessage *out, GError **error)
{
	guint8 *bytes = g_malloc(LOBBY_MAX + 1);
	ssize_t n;
	int verdict = -1;

	do
		n = recv(process->fd, bytes, LOBBY_MAX + 1, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		verdict = 0;
	else if (n > LOBBY_MAX)
		g_set_error(error, FAULT, FAULT_CLIENT, "the lobby sent too much");
	else if (n > 0 && lobby_decode(bytes, (gsize)n, out, error))
		verdict = 1;
	if (n > 0)
		secret_wipe(bytes, (gsize)n);
	g_free(bytes);
	return verdict;
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

static void log_words(const LobbyProcess *process, int status)
{
	char text[1024];
	ssize_t n = read(process->words, text, sizeof text - 1);

	for (ssize_t i = 0; i < n; i++) {
		if (!g_ascii_isprint(text[i]))
			text[i] = ' ';
	}
	text[MAX(n, 0)] = '\0';
	log_warning(NULL, "lobby %d ended by %s %d: %s", process->pid,
		    WIFSIGNALED(status) ? "signal" : "exit code",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), text);
}

void lobby_process_stop(LobbyProcess *process)
{
	int status = 0;

	if (process->fd >= 0)
		close(process->fd);
	if (process->pid > 0) {
		if (!wait_for_end(process->pid, STOP_MS))
			kill(process->pid, SIGKILL);
		while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
			;
		if (status != 0)
			log_words(process, status);
	}
	if (process->words >= 0)
		close(process->words);
	*process = (LobbyProcess){.fd = -1, .words = -1};
}
