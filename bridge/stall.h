/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stall: FreeRDP and libvncclient wait inside their calls for as long as a desktop likes: until a
 * handshake has gone on, until the desktop has taken what it is told. Here such a call is given an
 * end: the connection is cut, and it returns. By a signal, whose handler shuts the socket down: the
 * call has the only thread that could look at a clock.
 */
#pragma once

#include <glib.h>

#define STALL_SECONDS 15 /* enough for a handshake, and for what is told */

/* fd: the connection of the calls that follow; a copy is kept until stall_forget(). One at
 * a time. */
void stall_watch(int fd);
void stall_forget(void);

/* Around such a call, on the main loop's thread; not one inside another. */
void stall_begin(unsigned seconds);
/* FALSE: it was cut off. */
gboolean stall_end(void);
