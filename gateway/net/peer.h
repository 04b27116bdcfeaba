/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer: one side of a session (the client or the desktop): a stream, what came from it and was
 * not used yet, and what it has not taken yet. Remembers what it waits for, so that the session's
 * loop polls exactly that: a step that does not read a peer does not poll it, and back-pressure
 * needs no further word.
 */
#pragma once

#include "buffer.h"
#include "stream.h"
#include "throttle.h"

typedef struct {
	Stream *stream; /* owned; NULL = not connected */
	Buffer in;
	Buffer out;
	guint64 bytes_in; /* payload received and sent, above TLS and WebSocket */
	guint64 bytes_out;
	Throttle *throttle; /* of peer_read(); owned; NULL = as fast as it goes */
	guint pause_ms;     /* > 0: the throttle lets nothing be read for so long; ... */
	guint8 waits;       /* what its stream wants; the loop resets both before each run */
	guint eof : 1;
	guint is_desktop : 1; /* what breaks here is the desktop's fault, not the client's */
} Peer;

void peer_clear(Peer *peer);

/* Reads once, up to `max` bytes (the buffer then holds at most what it held plus max), and no more
 * than the throttle allows.
 * IO_EOF once the other side has finished; `in` may still hold bytes then. */
Io peer_read(Peer *peer, gsize max, GError **error);

/*
 * Waits until `in` holds n bytes, reading no more than that: what comes later stays in the
 * kernel, so that a TLS upgrade finds nothing of the plain stream here.
 * IO_DONE: they are there. IO_EOF: the stream ended before.
 */
Io peer_need(Peer *peer, gsize n, GError **error);

/* Gives what `out` holds to the stream, which has all of it at IO_DONE, and keeps a little until
 * more comes, the next flush, or the end of the session's run. */
Io peer_hand_over(Peer *peer, GError **error);

/* The same, but no more than `max` bytes: at IO_DONE so many, or all of them. *out_n says how many
 * it took, whatever it returns. */
Io peer_hand_over_some(Peer *peer, gsize max, gsize *out_n, GError **error);

/* Sends what `out` holds. IO_DONE: all of it is gone (also from the layers below). */
Io peer_flush(Peer *peer, GError **error);

/*
 * Sends bytes that stand in another buffer, without a copy: takes a part or all, *out_n says how
 * much (0 on IO_WAIT). `out` must be empty. STREAM_HEADROOM bytes in front may be overwritten.
 * What was taken leaves at the end of the session's run, together with what comes until then.
 */
Io peer_write(Peer *peer, guint8 *bytes, gsize n, gsize *out_n, GError **error);
