/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire: see wire.h. */
#include "wire.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"
#include "fdpass.h"

#define PACKET_MAX (CONTROL_MAX + 4)

struct Wire {
	int fd;
	guint watch;
	WireHeard heard;
	gpointer owner;
	guint8 packet[PACKET_MAX];
};

static gboolean on_packet(int number, GIOCondition condition, gpointer data)
{
	Wire *wire = data;
	g_auto(ControlMessage) message = {0};
	autofd int fd = -1;
	/* With MSG_TRUNC a packet that is too long says how long. */
	ssize_t n = fdpass_receive_one(wire->fd, wire->packet, sizeof wire->packet, &fd,
				       MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n <= 0 || n > PACKET_MAX ||
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
