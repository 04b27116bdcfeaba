/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_tunnel: byte for byte between a browser and the broker's web socket. The gateway has read
 * one request head and passed it on; it never frames a body, so nothing can be smuggled past it.
 */
#include "session.h"

#define READ_MAX (32 * 1024)
#define BURST    (256 * 1024) /* bytes of one direction in one run, so that others get their turn */

/* Moves from one side to the other until one of them waits. Back-pressure: what `to` does not take
 * stays in from->in, and nothing more is read. */
static Io pump(Peer *from, Peer *to, gsize *moved, GError **error)
{
	for (;;) {
		gsize n;
		Io io;

		while (buffer_length(&from->in) > 0) {
			io = peer_write(to, buffer_bytes(&from->in), buffer_length(&from->in), &n,
				error);
			if (io != IO_DONE)
				return io;
			buffer_consume(&from->in, n);
			*moved += n;
		}
		if (*moved >= BURST)
			return IO_DONE;
		io = peer_read(from, READ_MAX, error);
		if (io != IO_DONE)
			return io;
		*moved += PEER_READ_COST;
	}
}

static Step tunnel_run(Session *s, GError **error)
{
	gsize up = 0, down = 0;
	Io io = peer_flush(&s->desktop, error); /* the request's head goes first */

	if (io != IO_DONE)
		return io == IO_WAIT ? STEP_WAIT : STEP_FAIL;
	io = pump(&s->client, &s->desktop, &up, error);
	if (io == IO_FAIL)
		return STEP_FAIL;
	if (io == IO_EOF)
		return STEP_END;
	io = pump(&s->desktop, &s->client, &down, error);
	if (io == IO_FAIL)
		return STEP_FAIL;
	if (io == IO_EOF) { /* a fault, so that the session lingers: the answer's end must arrive */
		g_set_error(error, FAULT, FAULT_ENDED, "the broker closed the connection");
		return STEP_FAIL;
	}
	if (up >= BURST || down >= BURST)
		session_wake_after(s, 0);
	return STEP_WAIT;
}

const Relay relay_tunnel = {.name = "tunnel", .run = tunnel_run};
