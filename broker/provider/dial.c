/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dial: see dial.h. */
#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "autofd.h"
#include "fault.h"
#include "tcp.h"

#define RETRY_MS 20 /* a full backlog of a Unix socket cannot be polled for */

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

int dial_tcp(const char *host, guint16 port, gint64 deadline, char **out_address, GError **error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	const struct addrinfo *reached = NULL;
	char service[8], numeric[NI_MAXHOST] = "";
	int fd, rc;

	g_snprintf(service, sizeof(service), "%u", port);
	rc = getaddrinfo(host, service, &hints, &found);
	if (rc != 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: %s", host, gai_strerror(rc));
		return -1;
	}
	fd = tcp_connect(found, deadline, &reached);
	if (fd < 0) {
		g_autofree char *what = g_strdup_printf("%s port %u", host, port);

		fault_set_errno(error, errno == ETIMEDOUT ? FAULT_TIMEOUT : FAULT_DESKTOP, what);
	} else {
		tcp_prepare(fd, TCP_GONE_SECONDS);
		getnameinfo(reached->ai_addr, reached->ai_addrlen, numeric, sizeof(numeric), NULL,
			    0, NI_NUMERICHOST);
		if (out_address)
			*out_address = g_strdup(numeric);
	}
	freeaddrinfo(found);
	return fd;
}
