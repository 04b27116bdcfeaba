/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reach: see reach.h. */
#include "reach.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "autofd.h"
#include "fault.h"
#include "tcp.h"

#define QUEUE        256
#define LOST_SECONDS 16 /* two machines may lose each other without a word */

static void cleanup_addresses(struct addrinfo **addresses)
{
	if (*addresses != NULL)
		freeaddrinfo(*addresses);
}
#define autoaddresses __attribute__((cleanup(cleanup_addresses))) struct addrinfo *

static gboolean split(const char *address, char **out_host, char **out_port, GError **error)
{
	const char *colon = strrchr(address, ':');
	gsize n = colon ? (gsize)(colon - address) : 0;
	gboolean bracketed = n > 2 && *address == '[' && address[n - 1] == ']';

	if (n == 0 || colon[1] == '\0' || (!bracketed && memchr(address, ':', n) != NULL)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: want host:port", address);
		return FALSE;
	}
	*out_host = bracketed ? g_strndup(address + 1, n - 2) : g_strndup(address, n);
	*out_port = g_strdup(colon + 1);
	return TRUE;
}

static struct addrinfo *look_up(const char *address, int flags, GError **error)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
	struct addrinfo *found = NULL;
	g_autofree char *host = NULL;
	g_autofree char *port = NULL;
	int status;

	if (!split(address, &host, &port, error))
		return NULL;
	status = getaddrinfo(host, port, &hints, &found);
	if (status == 0)
		return found;
	g_set_error(error, FAULT, FAULT_BROKER, "%s: %s", address, gai_strerror(status));
	return NULL;
}

int reach_tcp(const char *address, gint64 deadline, GError **error)
{
	autoaddresses found = look_up(address, 0, error);
	const struct addrinfo *reached;
	int fd;

	if (found == NULL)
		return -1;
	fd = tcp_connect(found, deadline, &reached);
	if (fd < 0)
		fault_set_errno(error, errno == ETIMEDOUT ? FAULT_TIMEOUT : FAULT_BROKER, address);
	else
		tcp_prepare(fd, LOST_SECONDS);
	return fd;
}

static gboolean unix_address(const char *path, struct sockaddr_un *out, GError **error)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (g_strlcpy(out->sun_path, path, sizeof out->sun_path) < sizeof out->sun_path)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CONFIG, "%s: too long for a socket", path);
	return FALSE;
}

int reach_unix(const char *path, GError **error)
{
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	if (!unix_address(path, &address, error))
		return -1;
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return autofd_steal(&fd);
	fault_set_errno(error, FAULT_BROKER, path);
	return -1;
}

int reach_listen_tcp(const char *address, GError **error)
{
	autoaddresses found = look_up(address, AI_PASSIVE, error);
	const int on = 1;
	autofd int fd = -1;

	if (found == NULL)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, QUEUE) == 0)
		return autofd_steal(&fd);
	fault_set_errno(error, FAULT_CONFIG, address);
	return -1;
}

int reach_listen_unix(const char *path, GError **error)
{
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	if (!unix_address(path, &address, error))
		return -1;
	unlink(path);
	if (fd >= 0 && fchmod(fd, 0660) == 0 &&
	    bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(path, 0660) == 0 &&
	    listen(fd, QUEUE) == 0)
		return autofd_steal(&fd);
	fault_set_errno(error, FAULT_CONFIG, path);
	return -1;
}

int reach_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		tcp_prepare(fd, LOST_SECONDS);
	return fd;
}

void reach_outlast_pauses(int fd)
{
	const unsigned unanswered = 0; /* what the system has */

	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof unanswered);
}
