/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_flow: see rfb_flow.h. */
#include "relay/rfb_flow.h"

#include "rfb/rfb.h"

#include <string.h>

#define FENCE_ASKS   0x80000000u
#define FENCE_BEFORE 1u /* answer when what came before is done */
#define FENCE_KNOWN  7u /* BlockBefore, BlockAfter, SyncNext    */
#define FENCE_MARK   'o'

#define NATURAL_US (100 * 1000)         /* for an update to come by itself; then it is forced */
#define HELD_US    (2 * G_USEC_PER_SEC) /* a desktop that does not answer even then           */

static void say_fence(RfbFlow *flow, guint32 flags, const guint8 *payload, guint8 n)
{
	buffer_append_u32be(&flow->say, (guint32)RFB_FENCE << 24);
	buffer_append_u32be(&flow->say, flags);
	buffer_append_u8(&flow->say, n);
	buffer_append(&flow->say, payload, n);
}

/* Behind so many bytes; they are on their way until it is answered. */
static void say_mark(RfbFlow *flow, guint64 bytes, gint64 now)
{
	guint8 payload[2] = {FENCE_MARK, rfb_pace_sent(&flow->pace, bytes, now)};

	say_fence(flow, FENCE_ASKS | FENCE_BEFORE, payload, sizeof payload);
}

static void say_end(RfbFlow *flow)
{
	flow->ending = flow->forced = FALSE;
	buffer_append_u8(&flow->say, RFB_CONTINUOUS_UPDATES);
}

RfbFlow *rfb_flow_new(gint64 now)
{
	RfbFlow *flow = g_new0(RfbFlow, 1);

	say_mark(flow, 0, now);
	say_end(flow);
	return flow;
}

void rfb_flow_enable(RfbFlow *flow, const guint8 *message, gint64 now)
{
	guint16 area[4];

	if (flow == NULL)
		return;
	if (message[1] == 0) {
		if (!flow->on)
			return;
		flow->on = FALSE;
		flow->ending = TRUE;
		flow->held_us = now;
		if (!flow->asked)
			say_end(flow);
		return;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(area); i++)
		area[i] = rfb_u16(message + 2 + 2 * i);
	/* What was asked for covers another area: ask again. */
	if (flow->on && memcmp(area, flow->area, sizeof area) != 0)
		flow->asked = FALSE;
	memcpy(flow->area, area, sizeof area);
	flow->on = TRUE;
}

gboolean rfb_flow_request(RfbFlow *flow, const guint8 *message)
{
	gboolean incremental = message[1] != 0;

	if (flow == NULL)
		return TRUE;
	if (flow->on && incremental)
		return FALSE;
	flow->asked = TRUE;
	return TRUE;
}

void rfb_flow_fence(RfbFlow *flow, const guint8 *message, gint64 now)
{
	guint32 flags = rfb_u32(message + 4);
	guint8 n = message[8];

	if (flow == NULL)
		return;
	if (flags & FENCE_ASKS)
		say_fence(flow, flags & FENCE_KNOWN, message + 9, n);
	else if (n == 2 && message[9] == FENCE_MARK)
		rfb_pace_answered(&flow->pace, message[10], now);
}

gboolean rfb_flow_wants_end(RfbFlow *flow)
{
	if (flow == NULL)
		return FALSE;
	flow->asked = FALSE;
	return flow->on || flow->ending;
}

void rfb_flow_updated(RfbFlow *flow, guint64 sent, gint64 now)
{
	if (flow->ending)
		say_end(flow);
	if (flow->on)
		say_mark(flow, sent - flow->counted, now);
	flow->counted = sent;
}

static void append_request(Buffer *to, gboolean incremental, const guint16 area[4])
{
	buffer_append_u8(to, RFB_UPDATE_REQUEST);
	buffer_append_u8(to, incremental);
	for (unsigned i = 0; i < 4; i++)
		buffer_append_u16be(to, area[i]);
}

/* A quiet desktop owes an update for as long as it likes; a corner that is asked for anew comes at
 * once, and desktops answer everything that is open with it. */
static gint64 force(RfbFlow *flow, Buffer *to_desktop, gint64 now)
{
	static const guint16 corner[4] = {0, 0, 1, 1};
	gint64 held = now - flow->held_us;

	if (held < NATURAL_US)
		return NATURAL_US - held;
	if (!flow->forced)
		append_request(to_desktop, FALSE, corner);
	flow->forced = TRUE;
	if (held < HELD_US)
		return HELD_US - held;
	say_end(flow);
	return 0;
}

gint64 rfb_flow_ask(RfbFlow *flow, guint64 sent, Buffer *to_desktop, gint64 now)
{
	gint64 wait;

	if (flow == NULL)
		return -1;
	if (flow->ending)
		return force(flow, to_desktop, now);
	if (!flow->on || flow->asked)
		return -1;
	wait = rfb_pace_wait(&flow->pace, now);
	if (wait > 0)
		return wait;
	if (rfb_pace_probe(&flow->pace, now))
		say_mark(flow, 0, now);
	append_request(to_desktop, TRUE, flow->area);
	rfb_pace_asked(&flow->pace, now);
	flow->asked = TRUE;
	flow->counted = sent;
	return -1;
}

void rfb_flow_moved(RfbFlow *flow)
{
	if (flow == NULL)
		return;
	if (flow->ending)
		say_end(flow);
	flow->asked = TRUE;
}

void rfb_flow_free(RfbFlow *flow)
{
	if (flow == NULL)
		return;
	buffer_clear(&flow->say);
	g_free(flow);
}
