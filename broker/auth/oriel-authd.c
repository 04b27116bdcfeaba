/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oriel-authd: where there is no systemd, this listens in its place: a Unix socket that the broker
 * alone may connect to, and an oriel-auth for each connection. Runs as root; reads nothing from
 * any connection.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autofd.h"
#include "fault.h"
#include "log.h"

#define LOGINS                                                                                    \
	512 /* at a time: all that the broker lets wait, at the web page and in lobbies, and some \
	     */

typedef struct {
	char *socket;
	char *auth;
	char *confdir;
	int uid;
	int gid;
	pid_t children[LOGINS]; /* 0 = free */
} Authd;

static int authd_listen(const Authd *authd, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int bound;

	if (strlen(authd->socket) >= sizeof address.sun_path) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: the path is too long", authd->socket);
		return -1;
	}
	strcpy(address.sun_path, authd->socket);
	unlink(authd->socket);
	mask = umask(0777);
	bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof address);
	umask(mask);
	if (bound < 0 || chown(authd->socket, (uid_t)authd->uid, (gid_t)authd->gid) < 0 ||
	    chmod(authd->socket, 0660) < 0 || listen(fd, LOGINS) < 0) {
		fault_set_errno(error, FAULT_CONFIG, authd->socket);
		return -1;
	}
	return autofd_steal(&fd);
}

static gboolean peer_allowed(const Authd *authd, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == (uid_t)authd->uid);
}

static int authd_spawn(const Authd *authd, int fd, pid_t *out_pid)
{
	char *argv[] = {(char *)"oriel-auth", (char *)"--pam-confdir", authd->confdir, NULL};
	char *environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int status;

	if (authd->confdir == NULL)
		argv[1] = NULL;
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	status = posix_spawn(out_pid, authd->auth, &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

/* A connection that gets no oriel-auth is closed; the broker then says that logins do not work. */
static void authd_accept(Authd *authd, int listener)
{
	autofd int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	unsigned slot = 0;
	int status;

	if (fd < 0)
		return;
	if (!peer_allowed(authd, fd)) {
		log_warning(NULL, "a connection of another user than the broker");
		return;
	}
	while (slot < LOGINS && authd->children[slot] != 0)
		slot++;
	if (slot == LOGINS) {
		log_warning(NULL, "more than %d logins at a time", LOGINS);
		return;
	}
	status = authd_spawn(authd, fd, &authd->children[slot]);
	if (status != 0) {
		authd->children[slot] = 0;
		log_error(NULL, "%s: %s", authd->auth, g_strerror(status));
	}
}

static void authd_reap(Authd *authd)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (unsigned i = 0; i < LOGINS; i++) {
			if (authd->children[i] == pid)
				authd->children[i] = 0;
		}
	}
}

/* Returns at SIGTERM or SIGINT. */
static void authd_run(Authd *authd, int listener, int signals)
{
	struct pollfd fds[] = {{.fd = listener, .events = POLLIN},
			       {.fd = signals, .events = POLLIN}};

	for (;;) {
		struct signalfd_siginfo info;

		if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
			continue; /* EINTR */
		while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
			if (info.ssi_signo != SIGCHLD)
				return;
			authd_reap(authd);
		}
		if (fds[0].revents != 0)
			authd_accept(authd, listener);
	}
}

static void authd_end_children(const Authd *authd)
{
	for (unsigned i = 0; i < LOGINS; i++) {
		if (authd->children[i] != 0) {
			kill(authd->children[i], SIGKILL);
			waitpid(authd->children[i], NULL, 0);
		}
	}
}

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static gboolean options_read(Authd *authd, int *argc, char ***argv, GError **error)
{
	const GOptionEntry entries[] = {
		{"socket", 0, 0, G_OPTION_ARG_FILENAME, &authd->socket, "where to listen", "PATH"},
		{"auth", 0, 0, G_OPTION_ARG_FILENAME, &authd->auth, "the oriel-auth to run",
		 "PATH"},
		{"pam-confdir", 0, 0, G_OPTION_ARG_FILENAME, &authd->confdir, "passed on to it",
		 "DIR"},
		{"uid", 0, 0, G_OPTION_ARG_INT, &authd->uid, "the broker's user: may connect", "N"},
		{"gid", 0, 0, G_OPTION_ARG_INT, &authd->gid, "group of the socket", "N"},
		{NULL},
	};
	g_autoptr(GOptionContext)
		context = g_option_context_new("- start an oriel-auth for each login");

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (authd->socket == NULL || authd->uid < 0 || authd->gid < 0) {
		g_set_error(error, FAULT, FAULT_CONFIG, "--socket is needed; no id is negative");
		return FALSE;
	}
	if (authd->auth == NULL)
		authd->auth = g_strdup(ORIEL_LIBEXECDIR "/oriel-auth");
	return TRUE;
}

int main(int argc, char **argv)
{
	Authd authd = {0};
	g_autoptr(GError) error = NULL;
	autofd int listener = -1, signals = -1;

	log_init("oriel-authd", FALSE);
	if (options_read(&authd, &argc, &argv, &error)) {
		signals = signals_open();
		listener = authd_listen(&authd, &error);
	}
	if (error != NULL) {
		log_error(NULL, "%s", error->message);
	} else {
		authd_run(&authd, listener, signals);
		unlink(authd.socket);
		authd_end_children(&authd);
	}
	g_free(authd.socket);
	g_free(authd.auth);
	g_free(authd.confdir);
	return error ? 1 : 0;
}
