/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dial_pair: see dial_pair.h. */
#include "dial_pair.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"

#define PAIR_SECONDS 5
#define PAIR_BYTES   (128 * 1024) /* that wait: more would be old pictures for a slow viewer */

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
	struct sockaddr_in address;
	autofd int listener = listen_inside(&address);
	autofd int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	autofd int other = -1;

	if (listener < 0 || one < 0 ||
	    (connect(one, (struct sockaddr *)&address, sizeof(address)) < 0 &&
	     errno != EINPROGRESS))
		return FALSE;
	other = accept_only(listener, one, dial_deadline(PAIR_SECONDS));
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
