/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire: see wire.h. */
#include "wire.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"

#define PACKET_MAX (CONTROL_MAX + 4)

struct Wire {
	int fd;
	guint watch;
	WireHeard heard;
	gpointer owner;
	guint8 packet[PACKET_MAX];
};

/* The first descriptor of the packet; there should be no second one. */
static int take_fd(struct msghdr *header)
{
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		gsize n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (gsize i = 0; i < n; i++) {
			int one;

			memcpy(&one, CMSG_DATA(c) + i * sizeof one, sizeof one);
			if (fd < 0)
				fd = one;
			else
				close(one);
		}
	}
	return fd;
}

static gboolean on_packet(int number, GIOCondition condition, gpointer data)
{
	Wire *wire = data;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} room;
	struct iovec bytes = {wire->packet, sizeof wire->packet};
	struct msghdr header = {.msg_iov = &bytes,
				.msg_iovlen = 1,
				.msg_control = room.bytes,
				.msg_controllen = sizeof room.bytes};
	g_auto(ControlMessage) message = {0};
	autofd int fd = -1;
	ssize_t n = recvmsg(wire->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n > 0)
		fd = take_fd(&header);
	if (n <= 0 || (header.msg_flags & MSG_TRUNC) ||
	    control_decode(wire->packet, (gsize)n, &message, NULL) != n) {
		wire->watch = 0;
		wire->heard(NULL, -1, wire->owner);
		return G_SOURCE_REMOVE;
	}
	explicit_bzero(wire->packet, (gsize)n);
	wire->heard(&message, autofd_steal(&fd), wire->owner);
	return G_SOURCE_CONTINUE;
}

Wire *wire_new(int fd, WireHeard heard, gpointer owner)
{
	Wire *wire = g_new0(Wire, 1);

	wire->fd = fd;
	wire->heard = heard;
	wire->owner = owner;
	wire->watch = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, on_packet, wire);
	return wire;
}

void wire_free(Wire *wire)
{
	if (wire->watch != 0)
		g_source_remove(wire->watch);
	close(wire->fd);
	g_free(wire);
}

gboolean wire_say(Wire *wire, const ControlMessage *message)
{
	GByteArray *bytes = control_encode(message);
	ssize_t n = send(wire->fd, bytes->data, bytes->len, MSG_NOSIGNAL);
	gboolean sent = n == (ssize_t)bytes->len;

	control_wipe(bytes);
	return sent;
}
