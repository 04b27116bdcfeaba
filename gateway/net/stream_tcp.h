/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream_tcp: the bottom of every stack, over a connected TCP or Unix stream socket. */
#pragma once

#include "stream.h"

/* Takes the descriptor, makes it non-blocking and, for TCP, sets TCP_NODELAY and keep-alive. Never
 * fails: what is wrong with the descriptor shows at the first read. */
Stream *stream_tcp_new(int fd);
