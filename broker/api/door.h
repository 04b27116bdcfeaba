/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * door: a listening Unix socket with a thread of its own that finds out who is there, then hands
 * the connection on. At the web door that is a PROXY v2 header from a gateway; all that have not
 * yet sent theirs wait side by side, each with a deadline. At the admin door it is the kernel's
 * word for the peer's uid: root and our own are let in, nobody else.
 */
#pragma once

#include <glib.h>
#include <sys/socket.h>
#include <sys/types.h>

typedef struct Door Door;

typedef enum { DOOR_PROXIED, DOOR_LOCAL } DoorKind;

/* Takes the descriptor; nothing of the HTTP has been read from it. address NULL: not known.
 * Called on the door's thread. */
typedef void (*DoorAdmit)(gpointer data, int fd, const struct sockaddr *address, socklen_t length);

/* Replaces a stale socket at the path; FAULT_CONFIG if somebody still listens there or it cannot
 * be bound. mode: of the socket file, from its first moment on. */
Door *door_open(DoorKind kind, const char *path, mode_t mode, DoorAdmit admit, gpointer data,
		GError **error);

/* Stops listening, removes the socket file, drops who has not said who they are. Accepts NULL. */
void door_close(Door *door);
