/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stall: FreeRDP waits inside its calls for as long as a desktop likes: until a handshake has gone
 * on, until a desktop has taken what it is told. Here such a call is given an end: after
 * STALL_SECONDS its connection is cut, and it returns. By a signal, whose handler shuts the socket
 * down: the call has the only thread that could look at a clock.
 */
#pragma once

#include <glib.h>

#define STALL_SECONDS 15

/* fd: the connection of the calls that follow; a copy is kept until stall_forget(). One at
 * a time. */
void stall_watch(int fd);
void stall_forget(void);

/* Around such a call, on the main loop's thread; not one inside another. */
void stall_begin(void);
/* FALSE: it was cut off. */
gboolean stall_end(void);
