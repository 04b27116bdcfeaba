/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_tunnel: byte for byte between a browser and the broker's web socket. The gateway has read
 * one request head and passed it on; it never frames a body, so nothing can be smuggled past it.
 *
 * A tunnel through which nothing passes ends, and so does one that is old, whatever passes: a
 * connection to the broker is not for life. Browsers come again by themselves; the broker ends an
 * idle connection earlier, and its longest answers say something every 15 s.
 */
#include "relay/pump.h"

#define IDLE_MS (60 * 1000)
#define LIFE_MS (60 * 60 * 1000)

typedef struct {
	guint64 begun, moved_at; /* ms of the loop's clock */
	guint64 moved;           /* bytes, all ways, at the last look */
} Tunnel;

static void tunnel_close(Session *s)
{
	g_clear_pointer(&s->relaying, g_free);
}

static guint64 moved(const Session *s)
{
	return s->client.bytes_in + s->client.bytes_out + s->desktop.bytes_in +
	       s->desktop.bytes_out;
}

/* FALSE: its time is over. */
static gboolean in_time(Session *s, GError **error)
{
	guint64 now = session_now(s), idle, age;
	Tunnel *tunnel = s->relaying;

	if (tunnel == NULL) {
		s->relaying = tunnel = g_new0(Tunnel, 1);
		tunnel->begun = tunnel->moved_at = now;
	}
	if (moved(s) != tunnel->moved)
		tunnel->moved_at = now;
	tunnel->moved = moved(s);
	idle = now - tunnel->moved_at;
	age = now - tunnel->begun;
	if (idle >= IDLE_MS || age >= LIFE_MS) {
		g_set_error(error, FAULT, FAULT_ENDED, "a tunnel to the broker %s",
			    idle >= IDLE_MS ? "through which nothing passed" : "was old enough");
		return FALSE;
	}
	session_wake_after(s, MIN(IDLE_MS - idle, LIFE_MS - age));
	return TRUE;
}

static Step pump_both(Session *s, GError **error)
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
	if (down ==
	    IO_EOF) { /* a fault, so that the session lingers: the answer's end must arrive */
		g_set_error(error, FAULT, FAULT_ENDED, "the broker closed the connection");
		return STEP_FAIL;
	}
	if (up == IO_DONE || down == IO_DONE)
		session_wake_after(s, 0);
	return STEP_WAIT;
}

static Step tunnel_run(Session *s, GError **error)
{
	Step step = pump_both(s, error);

	return step == STEP_WAIT && !in_time(s, error) ? STEP_FAIL : step;
}

const Relay relay_tunnel = {.name = "tunnel", .run = tunnel_run, .close = tunnel_close};
