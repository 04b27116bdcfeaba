/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pump: bytes as they come, from one side to the other, for relays that need not look at them. */
#pragma once

#include "session.h"

/* Bytes of one direction in one run: enough to be worth the run, and so few that a session with
 * much to move does not delay another's key press. */
#define PUMP_BURST (256 * 1024)

/* Moves until one of them waits or a burst is used up (IO_DONE: there may be more). Back-pressure:
 * what `to` does not take stays in from->in, and nothing more is read. IO_EOF: `from` has ended,
 * and all that it said was taken. */
Io pump(Peer *from, Peer *to, GError **error);
