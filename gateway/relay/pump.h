/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pump: bytes as they come, from one side to the other, for relays that need not look at them. */
#pragma once

#include "session/session.h"

/* Bytes of one direction in one run, and in one read: enough to be worth the run, and so few that a
 * session with much to move does not delay another's key press. They leave in one send of seven
 * whole TLS records, also with a WebSocket frame's header in front. */
#define PUMP_BURST (7 * 16 * 1024 - BUFFER_HEADROOM)

/* As peer_read(). Adds what that costs of a burst to *spent: the bytes and, however few came, at
 * least a seventh: who sends byte by byte makes as much work as who sends in bulk. */
Io pump_read(Peer *from, gsize max, gsize *spent, GError **error);

/* Moves until one of them waits or a burst is used up (IO_DONE: there may be more). Back-pressure:
 * what `to` does not take stays in from->in, and nothing more is read. IO_EOF: `from` has ended,
 * and all that it said was taken. */
Io pump(Peer *from, Peer *to, GError **error);
