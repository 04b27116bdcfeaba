/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream_tcp: the bottom of every stack, over a connected TCP or Unix stream socket. */
#pragma once

#include "stream.h"

/* Takes the descriptor, makes it non-blocking and, for TCP, sets TCP_NODELAY, and that who vanishes
 * is noticed in two minutes; who takes nothing for so long of what waits for it counts as gone,
 * too. Never fails: what is wrong with the descriptor shows at the first read. */
Stream *stream_tcp_new(int fd);

/* Sets the same on a listening socket, whose connections have it from there; and takes such a
 * connection, which does not block: a flood of them costs that much less. */
void stream_tcp_prepare(int listening);
Stream *stream_tcp_accepted(int fd);

/* How long it takes to the other side and back, as the kernel has measured it, in microseconds; 0
 * for what is no TCP connection. */
guint64 stream_tcp_round_trip(int fd);

/* Its close says no goodbye: a packet, and the kernel keeps nothing of it, where it would wait a
 * minute for a peer that does not close its end. */
void stream_tcp_reset(int fd);

/* The poll has told of bytes, or of the end, on the stack above such a stream. Who calls this at
 * all calls it each time: from the first on, a receive that found less than it had room for is the
 * last one until the next call. (Each would cost a system call to learn that nothing is there.) */
void stream_tcp_arrived(Stream *top);

/* TRUE: such a stream, and a read would be in vain until stream_tcp_arrived() is called. */
gboolean stream_tcp_is_empty(const Stream *stream);
