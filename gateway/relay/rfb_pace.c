/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_pace: see rfb_pace.h. */
#include "relay/rfb_pace.h"

#define DELAY_US   (10 * G_USEC_PER_SEC) /* so long a measured delay is believed */
#define SILENCE_US (2 * G_USEC_PER_SEC)  /* who answers no fence gets an update so often */
#define FRAME_US   16000                 /* so much may wait in the line: no eye sees it */
#define LEAD_US    32000                 /* at most: a desktop where nothing moves takes hours */
#define FADE       0.875f                /* of what was learned, at each answer */

static void forget(RfbPace *pace)
{
	pace->first = (guint8)((pace->first + 1) % RFB_PACE_FLIGHT);
	pace->n--;
}

/* How long the line is busy with so many bytes; 0 while nothing is known of it. */
static gint64 carry(const RfbPace *pace, guint64 bytes)
{
	return pace->carried > 0 ? (gint64)((float)bytes * pace->busy_us / pace->carried) : 0;
}

static gboolean is_stale(const RfbPace *pace, gint64 now)
{
	return pace->delay_us == 0 || now - pace->since_us > DELAY_US;
}

void rfb_pace_asked(RfbPace *pace, gint64 now)
{
	pace->asked_us = now;
}

/* The shorter of two: asked before the line is free, it might be early for once. */
static void learn_lead(RfbPace *pace, gint64 now)
{
	gint64 took = MIN(now - pace->asked_us, LEAD_US);

	pace->lead_us = MIN(took, pace->took_us);
	pace->took_us = took;
	pace->asked_us = 0;
}

guint8 rfb_pace_sent(RfbPace *pace, guint64 bytes, gint64 now)
{
	unsigned at;

	if (bytes > 0 && pace->asked_us > 0)
		learn_lead(pace, now);
	if (pace->n == RFB_PACE_FLIGHT)
		forget(pace);
	at = (pace->first + pace->n++) % RFB_PACE_FLIGHT;
	pace->bytes[at] = (guint32)MIN(bytes, G_MAXUINT32);
	pace->sent_us[at] = now;
	pace->free_us = MAX(pace->free_us, now) + carry(pace, bytes);
	return pace->serial++;
}

static void learn_delay(RfbPace *pace, guint32 bytes, gint64 took, gint64 now)
{
	if (pace->delay_us != 0 && took > pace->delay_us && !(bytes == 0 && is_stale(pace, now)))
		return;
	pace->delay_us = MAX(took, 1);
	pace->since_us = now;
}

/* Bytes and times are summed apart: after a lost packet an answer comes late, and the next ones all
 * at once. Alone, each would be wrong. */
static void learn_rate(RfbPace *pace, guint32 bytes, gint64 busy)
{
	pace->carried = pace->carried * FADE + (float)bytes;
	pace->busy_us = pace->busy_us * FADE + (float)MAX(busy, 0);
}

gboolean rfb_pace_answered(RfbPace *pace, guint8 serial, gint64 now)
{
	guint8 oldest = (guint8)(pace->serial - pace->n);
	guint8 skipped = (guint8)(serial - oldest); /* before it, that got no answer */
	guint64 behind = 0;
	guint32 bytes;
	gint64 sent;

	if (skipped >= pace->n)
		return FALSE;
	while (skipped-- > 0)
		forget(pace);
	bytes = pace->bytes[pace->first];
	sent = pace->sent_us[pace->first];
	forget(pace);
	learn_delay(pace, bytes, now - sent, now);
	learn_rate(pace, bytes, now - pace->delay_us - MAX(sent, pace->done_us));
	pace->done_us = now - pace->delay_us;
	for (unsigned i = 0; i < pace->n; i++)
		behind += pace->bytes[(pace->first + i) % RFB_PACE_FLIGHT];
	pace->free_us = pace->done_us + carry(pace, behind);
	return TRUE;
}

gint64 rfb_pace_wait(const RfbPace *pace, gint64 now)
{
	gint64 wait = pace->free_us - FRAME_US - pace->lead_us - now;

	if (pace->n == 0)
		return 0;
	/* An answer is due first: too many are missing, or the line has to become empty, so that
	 * its delay can be measured. */
	if (pace->n == RFB_PACE_FLIGHT || is_stale(pace, now)) {
		unsigned last = (pace->first + pace->n - 1u) % RFB_PACE_FLIGHT;

		wait = MAX(wait, pace->sent_us[last] + SILENCE_US - now);
	}
	return MAX(wait, 0);
}

gboolean rfb_pace_probe(const RfbPace *pace, gint64 now)
{
	return pace->n == 0 && is_stale(pace, now);
}
