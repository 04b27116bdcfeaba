/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listener: a listening Unix socket with a thread of its own that finds out who is there, then
 * hands the connection on. At the web socket that is a PROXY v2 header from a gateway; all that
 * have not yet sent theirs wait side by side, each with a deadline. At the admin socket it is the
 * kernel's word for the peer's uid: root and our own are let in, nobody else.
 */
#pragma once

#include <glib.h>
#include <sys/socket.h>
#include <sys/types.h>

typedef struct Listener Listener;

typedef enum { LISTENER_PROXIED, LISTENER_LOCAL } ListenerKind;

/* Takes the descriptor; nothing of the HTTP has been read from it. address NULL: not known.
 * Called on the listener's thread. */
typedef void (*ListenerAdmit)(gpointer data, int fd, const struct sockaddr *address,
			      socklen_t length);

/* Replaces a stale socket at the path; FAULT_CONFIG if somebody still listens there or it cannot
 * be bound. mode: of the socket file, from its first moment on. */
Listener *listener_open(ListenerKind kind, const char *path, mode_t mode, ListenerAdmit admit,
			gpointer data, GError **error);

/* Stops listening, removes the socket file, drops who has not said who they are. Accepts NULL. */
void listener_close(Listener *listener);
