/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oriel-nic: makes one network card for a desktop. Its standard input is a connection of the
 * broker's (systemd's Accept=yes, or oriel-authd), which says what for in one line
 * (docs/protocol-nic.md):
 *
 *   user          passt(1) gets the connection and carries the frames on it to sockets of its own:
 *                 a private network behind this machine, outwards only
 *   bridge NAME   qemu-bridge-helper makes a tap device at this machine's bridge, if
 *                 /etc/qemu/bridge.conf allows that one, and sends it over the connection
 *
 * Runs as root, because a bridge is the machine's; passt gives that up before it reads a frame. It
 * reads that one line and nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "nic_name.h"

#define LINE_BYTES   64
#define LINE_SECONDS 10
#define FRAMES_FD    3 /* passt puts nothing into the places of the first three */

/* Of qemu-system-common; no option of QEMU's names it. */
#define BRIDGE_HELPER "/usr/lib/qemu/qemu-bridge-helper"
#define PASST         "/usr/bin/passt"

/*
 * The addresses of QEMU's own user network, which people know. Nothing comes in. The gateway's
 * address is not this machine (--no-map-gw); name servers are asked for the guest at .3, also where
 * this machine's is one of its own.
 */
static const char *const passt_argv[] = {
	"passt",       "--quiet",     "--fd",      "3",           "--address",     "10.0.2.15",
	"--netmask",   "24",          "--gateway", "10.0.2.2",    "--dns-forward", "10.0.2.3",
	"--no-map-gw", "--tcp-ports", "none",      "--udp-ports", "none",          NULL,
};

static gboolean read_line(char *line, gsize size)
{
	gint64 deadline = g_get_monotonic_time() + LINE_SECONDS * G_USEC_PER_SEC;

	for (gsize n = 0; n < size; n++) {
		struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
		gint64 left = (deadline - g_get_monotonic_time()) / 1000;

		if (left <= 0 || poll(&wait, 1, (int)left) <= 0 ||
		    recv(STDIN_FILENO, line + n, 1, 0) != 1)
			return FALSE;
		if (line[n] == '\n') {
			line[n] = '\0';
			return TRUE;
		}
	}
	return FALSE;
}

static int answer(const char *words)
{
	gboolean sent = send(STDIN_FILENO, words, strlen(words), MSG_NOSIGNAL) ==
			(ssize_t)strlen(words);

	return sent && g_str_equal(words, "ok\n") ? 0 : 1;
}

/* It goes into the background once it is ready, and lives as long as QEMU has the other end. */
static int become_passt(void)
{
	char *environment[] = {NULL};
	int status = dup2(STDIN_FILENO, FRAMES_FD) < 0 ? errno : 0;
	pid_t pid;

	if (status == 0)
		status = posix_spawn(&pid, PASST, NULL, NULL, (char *const *)passt_argv,
				     environment);
	if (status != 0) {
		log_error(NULL, PASST ": %s", g_strerror(status));
		return answer("passt cannot be run: is it installed?\n");
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return answer("ok\n");
	log_error(NULL, "passt ended with status %d", status);
	return answer("passt does not work: has this machine a way out?\n");
}

static int become_bridge_helper(const char *bridge)
{
	g_autofree char *option = g_strconcat("--br=", bridge, NULL);
	char *argv[] = {(char *)"qemu-bridge-helper", (char *)"--use-vnet", option,
			(char *)"--fd=0", NULL};
	char *environment[] = {NULL};

	if (!nic_name_ok(bridge))
		return answer("that is no bridge's name\n");
	execve(BRIDGE_HELPER, argv, environment);
	log_error(NULL, BRIDGE_HELPER ": %s", g_strerror(errno));
	return answer("qemu-bridge-helper cannot be run: is qemu-system-common installed?\n");
}

int main(void)
{
	char line[LINE_BYTES];

	log_init("oriel-nic", FALSE);
	if (!read_line(line, sizeof(line)))
		return 1;
	if (g_str_equal(line, "user"))
		return become_passt();
	if (g_str_has_prefix(line, "bridge "))
		return become_bridge_helper(line + strlen("bridge "));
	return answer("a card is for user or a bridge\n");
}
