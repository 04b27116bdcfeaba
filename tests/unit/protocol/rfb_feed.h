/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_feed: gives a handshake its bytes as the gateway does, never more than it asked for, and
 * writes down what it said: "event" and, in <>, the bytes that were to be sent, as hex.
 */
#pragma once

#include "rfb/rfb.h"

#include <glib.h>

typedef struct {
	GByteArray *wire; /* arrived, not yet asked for */
	Buffer in, out;
	GString *said;
} Feed;

static inline void feed_init(Feed *feed)
{
	*feed = (Feed){.wire = g_byte_array_new(), .said = g_string_new(NULL)};
}

/* Ends the feed and returns what was said. */
static inline char *feed_end(Feed *feed)
{
	g_byte_array_unref(feed->wire);
	buffer_clear(&feed->in);
	buffer_clear(&feed->out);
	return g_string_free(feed->said, FALSE);
}

/* Moves up to what is needed from the wire; FALSE if it is not there. */
static inline gboolean feed_need(Feed *feed, gsize need)
{
	gsize have = buffer_length(&feed->in);
	gsize n = MIN(need - MIN(need, have), feed->wire->len);

	buffer_append(&feed->in, feed->wire->data, n);
	if (n > 0)
		g_byte_array_remove_range(feed->wire, 0, (guint)n);
	return buffer_length(&feed->in) >= need;
}

/* What the buffer holds, which is taken, as hex. */
static inline void feed_take_hex(Buffer *out, GString *said)
{
	for (gsize i = 0; i < buffer_length(out); i++)
		g_string_append_printf(said, "%02x", buffer_bytes(out)[i]);
	buffer_consume(out, buffer_length(out));
}

static inline void feed_say(Feed *feed, const char *event)
{
	if (buffer_length(&feed->out) > 0) {
		g_string_append_c(feed->said, '<');
		feed_take_hex(&feed->out, feed->said);
		g_string_append(feed->said, "> ");
	}
	g_string_append_printf(feed->said, "%s ", event);
}
