/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * turns: in which order a worker, which is one thread, does what there is to do. People at their
 * desktops come whenever their sockets say so. What strangers cost (a connection that is taken, a
 * TLS handshake) is toil: a piece of it in each turn of the loop, so that a key press waits for one
 * at most, and after each SLICE of it a rest, in which the loop sleeps if nobody else has something
 * to do: other programs of this processor, the people's desktops perhaps, have it meanwhile.
 */
#pragma once

#include <glib.h>
#include <uv.h>

typedef struct Turns Turns;

/* A place in a row; the owner's, and all zero but for these two to begin with. */
typedef struct {
	GList link;     /* data: this turn while it is in a row */
	unsigned times; /* that it was to toil                  */
	void (*run)(gpointer data);
	gpointer data;
} Turn;

Turns *turns_new(uv_loop_t *loop);

/* No turn comes after this. The memory goes when the loop has closed its handles. Accepts NULL. */
void turns_close(Turns *turns);

/* Each of the three calls turn->run later, once, and does nothing while that is due. The first:
 * after the sockets of all others were looked at. (A timer of no time would not do: libuv 1.44 runs
 * such timers until there are none before it looks at a socket.) The second: likewise, but it
 * toils: no other of these runs in the same turn of the loop, and none during a rest; those that
 * have come often wait longer. The third: when the rest is over. */
void turns_again(Turns *turns, Turn *turn);
void turns_toil(Turns *turns, Turn *turn);
void turns_rested(Turns *turns, Turn *turn);

/* It was put in one of these rows, and has not been run yet. */
gboolean turn_is_due(const Turn *turn);
/* What runs now is this, because of turns_toil(). */
gboolean turns_toils(const Turns *turns, const Turn *turn);

/* Forgets what is due. */
void turns_again_not(Turns *turns, Turn *turn);
void turns_toil_not(Turns *turns, Turn *turn);
void turns_rested_not(Turns *turns, Turn *turn);

/* Who toiled by itself says since when (uv_hrtime()). TRUE: now is a rest, take no more. */
gboolean turns_toiled(Turns *turns, guint64 begun);
