/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_tunnel: byte for byte between a browser and the broker's web socket. The gateway has read
 * one request head and passed it on; it never frames a body, so nothing can be smuggled past it.
 */
#include "relay/pump.h"

static Step tunnel_run(Session *s, GError **error)
{
	Io up = peer_flush(&s->desktop, error); /* the PROXY header goes first */
	Io down;

	if (up != IO_DONE)
		return up == IO_WAIT ? STEP_WAIT : STEP_FAIL;
	up = pump(&s->client, &s->desktop, error);
	if (up == IO_EOF || up == IO_FAIL)
		return session_client_io(s, up);
	down = pump(&s->desktop, &s->client, error);
	if (down == IO_FAIL)
		return STEP_FAIL;
	if (down == IO_EOF) { /* a fault, so that the session lingers: the answer's end must arrive */
		g_set_error(error, FAULT, FAULT_ENDED, "the broker closed the connection");
		return STEP_FAIL;
	}
	if (up == IO_DONE || down == IO_DONE)
		session_wake_after(s, 0);
	return STEP_WAIT;
}

const Relay relay_tunnel = {.name = "tunnel", .run = tunnel_run};
