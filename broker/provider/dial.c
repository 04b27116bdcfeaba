/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dial: see dial.h. */
#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "autofd.h"
#include "fault.h"

#define RETRY_MS     20 /* a full backlog of a Unix socket cannot be polled for */
#define PAIR_SECONDS 5
#define PAIR_BYTES   (128 * 1024) /* that wait: more would be old pictures for a slow viewer */

int dial_milliseconds(gint64 deadline)
{
	gint64 left = deadline - g_get_monotonic_time();

	return left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT);
}

gboolean dial_wait(int fd, short events, gint64 deadline, const char *what, GError **error)
{
	struct pollfd item = {.fd = fd, .events = events};

	for (;;) {
		int n = poll(&item, 1, dial_milliseconds(deadline));

		if (n > 0)
			return TRUE;
		if (n == 0) {
			g_set_error(error, FAULT, FAULT_TIMEOUT, "%s: no answer in time", what);
			return FALSE;
		}
		if (errno != EINTR) {
			fault_set_errno(error, FAULT_BUG, "poll");
			return FALSE;
		}
	}
}

/*
 * The address of a path of any length: a path that does not fit is reached through a descriptor
 * of its directory, which must stay open (*out_dir) as long as the address is used.
 */
static gboolean unix_address(const char *path, struct sockaddr_un *out, int *out_dir,
			     GError **error)
{
	g_autofree char *dir = NULL, *base = NULL, *shorter = NULL;

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) < sizeof(out->sun_path)) {
		strcpy(out->sun_path, path);
		return TRUE;
	}
	dir = g_path_get_dirname(path);
	base = g_path_get_basename(path);
	*out_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*out_dir < 0) {
		fault_set_errno(error, FAULT_DESKTOP, dir);
		return FALSE;
	}
	shorter = g_strdup_printf("/proc/self/fd/%d/%s", *out_dir, base);
	if (strlen(shorter) >= sizeof(out->sun_path)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: name too long for a socket", path);
		return FALSE;
	}
	strcpy(out->sun_path, shorter);
	return TRUE;
}

static int dial_address(const struct sockaddr_un *address, const char *path, gint64 deadline,
			GError **error)
{
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		fault_set_errno(error, FAULT_BUG, "socket");
		return -1;
	}
	while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			fault_set_errno(error, FAULT_DESKTOP, path);
			return -1;
		}
		if (dial_milliseconds(deadline) == 0) {
			g_set_error(error, FAULT, FAULT_TIMEOUT, "%s: does not accept", path);
			return -1;
		}
		g_usleep(RETRY_MS * 1000);
	}
	return autofd_steal(&fd);
}

int dial_unix(const char *path, gint64 deadline, GError **error)
{
	autofd int dir = -1;
	struct sockaddr_un address;

	if (!unix_address(path, &address, &dir, error))
		return -1;
	return dial_address(&address, path, deadline, error);
}

int dial_socket(const char *path, gint64 deadline, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autofd int file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;

	if (file < 0 || fstat(file, &info) < 0) {
		fault_set_errno(error, FAULT_DESKTOP, path);
		return -1;
	}
	if (!S_ISSOCK(info.st_mode)) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: is no socket", path);
		return -1;
	}
	/* The one that was looked at, whatever lies there by now. */
	g_snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", file);
	return dial_address(&address, path, deadline, error);
}

int dial_listen(const char *path, GError **error)
{
	autofd int dir = -1;
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	if (fd < 0) {
		fault_set_errno(error, FAULT_BUG, "socket");
		return -1;
	}
	if (!unix_address(path, &address, &dir, error))
		return -1;
	if ((unlink(path) < 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4) < 0) {
		fault_set_errno(error, FAULT_CONFIG, path);
		return -1;
	}
	return autofd_steal(&fd);
}

/* One address; errno says why not. */
static int connect_one(const struct addrinfo *info, gint64 deadline)
{
	autofd int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int reason = 0;
	socklen_t size = sizeof(reason);

	if (fd < 0)
		return -1;
	if (connect(fd, info->ai_addr, info->ai_addrlen) == 0)
		return autofd_steal(&fd);
	if (errno != EINPROGRESS)
		return -1;
	if (!dial_wait(fd, POLLOUT, deadline, "connect", NULL)) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) < 0)
		return -1;
	if (reason) {
		errno = reason;
		return -1;
	}
	return autofd_steal(&fd);
}

int dial_tcp(const char *host, guint16 port, gint64 deadline, char **out_address, GError **error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[8], numeric[NI_MAXHOST] = "";
	int fd = -1, rc;

	g_snprintf(service, sizeof(service), "%u", port);
	rc = getaddrinfo(host, service, &hints, &found);
	if (rc != 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: %s", host, gai_strerror(rc));
		return -1;
	}
	errno = EADDRNOTAVAIL;
	for (struct addrinfo *info = found; info && fd < 0; info = info->ai_next) {
		fd = connect_one(info, deadline);
		if (fd >= 0)
			getnameinfo(info->ai_addr, info->ai_addrlen, numeric, sizeof(numeric), NULL,
				    0, NI_NUMERICHOST);
	}
	if (fd < 0) {
		g_autofree char *what = g_strdup_printf("%s port %u", host, port);

		fault_set_errno(error, errno == ETIMEDOUT ? FAULT_TIMEOUT : FAULT_DESKTOP, what);
	} else if (out_address) {
		*out_address = g_strdup(numeric);
	}
	freeaddrinfo(found);
	return fd;
}

/* ---- pairs */

static int listen_inside(struct sockaddr_in *out_address)
{
	autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(*out_address);

	*out_address = (struct sockaddr_in){.sin_family = AF_INET};
	out_address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)out_address, sizeof(*out_address)) < 0 ||
	    listen(fd, 8) < 0 || getsockname(fd, (struct sockaddr *)out_address, &size) < 0)
		return -1;
	return autofd_steal(&fd);
}

/* Whoever else of this machine has found the port is sent away. */
static int accept_only(int listener, int from, gint64 deadline)
{
	struct sockaddr_in wanted = {0}, peer = {0};
	socklen_t size = sizeof(wanted);

	if (getsockname(from, (struct sockaddr *)&wanted, &size) < 0)
		return -1;
	while (dial_wait(listener, POLLIN, deadline, "accept", NULL)) {
		autofd int fd = -1;

		size = sizeof(peer);
		fd = accept4(listener, (struct sockaddr *)&peer, &size,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0 && peer.sin_port == wanted.sin_port &&
		    peer.sin_addr.s_addr == wanted.sin_addr.s_addr)
			return autofd_steal(&fd);
		if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			return -1; /* no descriptor is left, say: it would be ready for ever */
	}
	errno = ETIMEDOUT;
	return -1;
}

static void make_quick(int fd)
{
	const int on = 1, bytes = PAIR_BYTES;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static gboolean pair_by_tcp(int out[2])
{
	gint64 deadline = dial_deadline(PAIR_SECONDS);
	struct sockaddr_in address;
	autofd int listener = listen_inside(&address);
	autofd int one = -1, other = -1;

	if (listener < 0)
		return FALSE;
	one = connect_one(&(struct addrinfo){.ai_family = AF_INET,
					     .ai_addr = (struct sockaddr *)&address,
					     .ai_addrlen = sizeof(address)},
			  deadline);
	if (one >= 0)
		other = accept_only(listener, one, deadline);
	if (other < 0)
		return FALSE;
	make_quick(one);
	make_quick(other);
	out[0] = autofd_steal(&one);
	out[1] = autofd_steal(&other);
	return TRUE;
}

gboolean dial_pair(const char *protocol, int out[2], GError **error)
{
	if (g_str_equal(protocol, "spice")
		    ? pair_by_tcp(out)
		    : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, out) == 0)
		return TRUE;
	fault_set_errno(error, errno == ETIMEDOUT ? FAULT_TIMEOUT : FAULT_BUSY,
			"a pair of sockets");
	return FALSE;
}
