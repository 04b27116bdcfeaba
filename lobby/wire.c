/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire: see wire.h. */
#include "wire.h"

#include "autofd.h"
#include "control/jsonframe.h"
#include "fault.h"
#include "fdpass.h"
#include "secret.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>

struct Wire {
	int fd;
	guint watch;
	const WireEvents *events;
	gpointer owner;
	char packet[LOBBY_MAX + 1]; /* what does not fit is cut, and no JSON */
};

static void closed(Wire *wire, const GError *error)
{
	wire->watch = 0;
	wire->events->closed(wire->owner, error);
}

static gboolean on_packet(int fd, GIOCondition condition, gpointer data)
{
	g_auto(LobbyMessage) message = {0};
	g_autoptr(GError) error = NULL;
	autofd int passed = -1;
	Wire *wire = data;
	gssize n = fdpass_receive_one(wire->fd, wire->packet, sizeof wire->packet, &passed,
				      MSG_DONTWAIT);
	gboolean good;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n <= 0) {
		closed(wire, NULL);
		return G_SOURCE_REMOVE;
	}
	good = lobby_decode(wire->packet, (gsize)n, &message, &error);
	secret_wipe(wire->packet, (gsize)n);
	if (good && (message.type == LOBBY_CHANNEL) != (passed >= 0)) {
		g_set_error(&error, FAULT, FAULT_BROKER, "%s with%s a descriptor",
			    lobby_type_name(message.type), passed >= 0 ? "" : "out");
		good = FALSE;
	}
	if (!good) {
		closed(wire, error);
		return G_SOURCE_REMOVE;
	}
	wire->events->message(wire->owner, &message, autofd_steal(&passed));
	return G_SOURCE_CONTINUE;
}

Wire *wire_new(int fd, const WireEvents *events, gpointer owner)
{
	Wire *wire = g_new0(Wire, 1);

	wire->fd = fd;
	wire->events = events;
	wire->owner = owner;
	wire->watch = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_packet, wire);
	return wire;
}

gboolean wire_send(Wire *wire, const LobbyMessage *message, GError **error)
{
	GByteArray *bytes = lobby_encode(message);
	gssize sent = send(wire->fd, bytes->data, bytes->len, MSG_DONTWAIT | MSG_NOSIGNAL);
	gboolean good = sent == (gssize)bytes->len;

	if (!good)
		fault_set_errno(error, FAULT_BROKER, "the broker does not listen");
	jsonframe_wipe(bytes);
	return good;
}

void wire_free(Wire *wire)
{
	if (wire == NULL)
		return;
	if (wire->watch != 0)
		g_source_remove(wire->watch);
	autofd_close(&wire->fd);
	g_free(wire);
}
