/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * turns: in which order a worker, which is one thread, does what there is to do. People at their
 * desktops come whenever their sockets say so. What strangers cost (a connection that is taken, a
 * TLS handshake) is toil: a piece of it between any two looks at the sockets, so that a key press
 * waits for one at most, and after each SLICE of it a rest, in which the loop sleeps if nobody else
 * has something to do: other programs of this processor, the people's desktops perhaps, have it
 * meanwhile. A stranger who is alone hardly notices: his piece is done at once, and what the loop
 * sleeps while he thinks is rest enough.
 */
#pragma once

#include <glib.h>
#include <uv.h>

typedef struct Turns Turns;

/* A place in a row; the owner's, and all zero but for these two to begin with. */
typedef struct {
	GList link;     /* first; data: the row that it is in, if any */
	unsigned times; /* that it was to toil */
	void (*run)(gpointer data);
	gpointer data;
} Turn;

Turns *turns_new(uv_loop_t *loop);

/* No turn comes after this. The memory goes when the loop has closed its handles. Accepts NULL. */
void turns_close(Turns *turns);

/* Each of the four has turn->run called once, and does nothing while that is due.
 *
 * Again: later, after the sockets of all others were looked at. (A timer of no time would not do:
 * libuv 1.44 runs such timers until there are none before it looks at a socket.)
 * Toil: now, if nobody else waits to toil, none has since the sockets were looked at, and this is
 * no rest; its owner may be gone on return. Else it waits.
 * Wait: in the row of those that are to toil; who has come often waits longer.
 * Rested: when the rest is over that is now. */
void turns_again(Turns *turns, Turn *turn);
void turns_toil(Turns *turns, Turn *turn);
void turns_wait(Turns *turns, Turn *turn);
void turns_rested(Turns *turns, Turn *turn);

/* What runs now is this, because it was to toil. */
gboolean turns_toils(const Turns *turns, const Turn *turn);

/* Who toiled by itself says since when (uv_hrtime()). */
void turns_toiled(Turns *turns, guint64 begun);
/* Now is a rest: take no more. */
gboolean turns_rest(const Turns *turns);

/* It waits in one of the rows; and: it does no longer. */
gboolean turn_is_due(const Turn *turn);
void turn_forget(Turn *turn);
