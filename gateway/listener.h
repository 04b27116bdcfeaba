/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listener: one listening socket of a worker, shared with the other workers by SO_REUSEPORT. */
#pragma once

#include <glib.h>
#include <uv.h>

typedef struct Listener Listener;

/* A connection came; the callee takes fd. address is "address:port". */
typedef void (*ListenerAccept)(gpointer data, int fd, const char *address, gboolean vnc_only);

/* where: "127.0.0.1:443", "[::]:443". FAULT_CONFIG if it cannot be bound. */
Listener *listener_new(uv_loop_t *loop, const char *where, gboolean vnc_only,
	ListenerAccept accept, gpointer data, GError **error);

/* Stops listening at once; the memory goes when the loop has closed its handle. Accepts NULL. */
void listener_close(Listener *listener);
