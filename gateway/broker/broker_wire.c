/* SPDX-License-Identifier: GPL-3.0-or-later */
/* broker_wire: see broker_wire.h. */
#include "broker/broker_wire.h"

#include "fdpass.h"
#include "secret.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

gboolean broker_wire_flush(BrokerWire *wire)
{
	while (buffer_length(&wire->out) > 0) {
		gsize n = buffer_length(&wire->out);
		ssize_t sent = send(wire->fd, buffer_bytes(&wire->out), n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		secret_wipe(buffer_bytes(&wire->out), (gsize)sent);
		buffer_consume(&wire->out, (gsize)sent);
	}
	return TRUE;
}

gboolean broker_wire_send(BrokerWire *wire, const GByteArray *bytes)
{
	buffer_append(&wire->out, bytes->data, bytes->len);
	return broker_wire_flush(wire);
}

void broker_wire_take_back(BrokerWire *wire)
{
	if (buffer_length(&wire->out) > 0)
		secret_wipe(buffer_bytes(&wire->out), buffer_length(&wire->out));
	buffer_clear(&wire->out);
}

void broker_wire_drop(BrokerWire *wire)
{
	int fd;

	while ((fd = broker_wire_take_fd(wire)) >= 0)
		close(fd);
	buffer_clear(&wire->in);
	broker_wire_take_back(wire);
}

ssize_t broker_wire_receive(BrokerWire *wire)
{
	int fds[FDPASS_MAX];
	guint n_fds;
	ssize_t n = fdpass_receive(wire->fd, buffer_reserve(&wire->in, BROKER_WIRE_CHUNK),
				   BROKER_WIRE_CHUNK, fds, &n_fds, 0);

	if (n > 0)
		buffer_commit(&wire->in, (gsize)n);
	for (guint i = 0; i < n_fds; i++)
		g_queue_push_tail(&wire->fds, GINT_TO_POINTER(fds[i] + 1));
	return n;
}

gssize broker_wire_next(BrokerWire *wire, ControlMessage *out, GError **error)
{
	gssize n;

	if (buffer_length(&wire->in) == 0)
		return 0;
	n = control_decode(buffer_bytes(&wire->in), buffer_length(&wire->in), out, error);
	if (n > 0) {
		secret_wipe(buffer_bytes(&wire->in), (gsize)n);
		buffer_consume(&wire->in, (gsize)n);
	}
	return n;
}

/* They are kept plus one: NULL is the empty queue's. */
int broker_wire_take_fd(BrokerWire *wire)
{
	return GPOINTER_TO_INT(g_queue_pop_head(&wire->fds)) - 1;
}
