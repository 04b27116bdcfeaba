/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_beat: a browser's line that has been quiet is shown to be in use. */
#include "session/session_loop.h"

#include "net/stream_ws.h"

/* What was sent since the last call is seen by its bytes: that costs nothing where they are sent.
 */
gboolean session_beat(Session *s)
{
	SessionLoop *loop = s->loop;
	guint64 now = session_now(s);
	guint64 quiet_ms = (guint64)worker_options(s->worker)->web_beat * 1000;

	if (quiet_ms == 0)
		return FALSE;
	if (s->client.bytes_out != loop->quiet_bytes || loop->quiet_since == 0) {
		loop->quiet_bytes = s->client.bytes_out;
		loop->quiet_since = now;
		return FALSE;
	}
	if (now - loop->quiet_since < quiet_ms || !loop->relayed || loop->phase != PHASE_STEPS ||
	    (s->client.waits & STREAM_WRITABLE) || !stream_ws_beat(s->client.stream))
		return FALSE;
	loop->quiet_since = now;
	return TRUE;
}
