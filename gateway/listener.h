/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listener: accepts on one of the sockets that the worker inherited (sockets.h). */
#pragma once

#include "turns.h"

typedef struct Listener Listener;

/* A connection came; the callee takes fd. address is "address:port". TRUE: there is a crowd, of
 * which more are taken at a time, and less often. */
typedef gboolean (*ListenerAccept)(gpointer data, int fd, const char *address, gboolean vnc_only);

/* Takes the listening fd, borrows the turns: what it takes is toil. */
Listener *listener_new(uv_loop_t *loop, Turns *turns, int fd, gboolean vnc_only,
		       ListenerAccept accept, gpointer data);

/* Accepts no more; the socket lives on in the supervisor. The memory goes when the loop has closed
 * its handles. Accepts NULL. */
void listener_close(Listener *listener);
