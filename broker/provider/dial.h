/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dial: connecting to a display or a monitor with a deadline. Descriptors that come back are
 * close-on-exec and non-blocking. It sends and reads nothing.
 *
 * Deadlines are points of g_get_monotonic_time(), in microseconds.
 */
#pragma once

#include <glib.h>

static inline gint64 dial_deadline(unsigned seconds)
{
	return g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
}

/* Milliseconds until the deadline for poll(2), rounded up; 0 if it has passed. */
int dial_milliseconds(gint64 deadline);

/*
 * Waits until the descriptor is ready for `events` (poll(2)). FAULT_TIMEOUT says what `what` was
 * waited for.
 */
gboolean dial_wait(int fd, short events, gint64 deadline, const char *what, GError **error);

/* A connected stream socket, or -1. The path may be longer than sockaddr_un (unix(7)) allows.
 * FAULT_DESKTOP if nobody listens there, FAULT_TIMEOUT. */
int dial_unix(const char *path, gint64 deadline, GError **error);

/* The same in a directory that a desktop writes to: what is not a socket itself is not dialled, for
 * a link might lead to another desktop's (FAULT_DESKTOP). */
int dial_socket(const char *path, gint64 deadline, GError **error);

/* A listening socket at the path, in place of whatever was there, or -1. FAULT_CONFIG. */
int dial_listen(const char *path, GError **error);

/*
 * A connected TCP socket, prepared (tcp.h), or -1; all addresses of the host are tried.
 * *out_address (g_free, may be NULL) is the numeric address that answered. FAULT_DESKTOP if the
 * name is unknown or nobody listens, FAULT_TIMEOUT.
 */
int dial_tcp(const char *host, guint16 port, gint64 deadline, char **out_address, GError **error);
