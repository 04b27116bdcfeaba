/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_pace: when may the next picture be asked for? So often that the line to the viewer is never
 * idle, and so seldom that nothing waits in it: a key press is answered by the next update, however
 * slow the line is. It only counts: no clock, no socket. All times are in us, from any clock that
 * never goes back.
 *
 * Behind each update goes a fence, and the viewer answers it when it has drawn that update. The
 * shortest time to an answer is the line's own delay. What an answer takes beyond that is how long
 * the line was busy with the update (or the viewer with drawing it), which gives the rate. From
 * both follows when the line will be free again.
 *
 * A desktop takes its time: QEMU answers at its next refresh, every 30 ms, and if nobody has asked
 * until then, lets 80 ms pass. So it is asked earlier, by what its last answers took.
 */
#pragma once

#include <glib.h>

/* Updates on their way at most: at 200 ms of delay still 40 a second. */
#define RFB_PACE_FLIGHT 8

typedef struct {
	gint64 sent_us[RFB_PACE_FLIGHT];
	guint32 bytes[RFB_PACE_FLIGHT];
	gint64 free_us;  /* when the line will have carried all that was sent        */
	gint64 done_us;  /* when it had carried what was answered last               */
	gint64 since_us; /* when delay_us was found: a line's delay can change       */
	gint64 delay_us; /* the shortest answer of late; 0 = none yet                */
	gint64 asked_us; /* when the desktop was asked; 0 = it owes nothing          */
	gint64 took_us;  /* its last answer, ...                                     */
	gint64 lead_us;  /* ... and the shorter one of its last two                  */
	float carried;   /* bytes, and ...                                           */
	float busy_us;   /* ... the time that they took; what is older counts less   */
	guint8 first, n; /* of the flight     */
	guint8 serial;   /* of the next fence */
} RfbPace;

/* The desktop is asked for an update. */
void rfb_pace_asked(RfbPace *pace, gint64 now);

/* An update of so many bytes has gone out, and a fence behind it; 0 bytes: only a fence. Returns
 * the fence's serial. */
guint8 rfb_pace_sent(RfbPace *pace, guint64 bytes, gint64 now);

/* The viewer has answered a fence. FALSE if none of this serial is on its way. */
gboolean rfb_pace_answered(RfbPace *pace, guint8 serial, gint64 now);

/* How long to wait before the next update is asked for; 0 = not at all. An estimate: ask again
 * when a fence was answered. */
gint64 rfb_pace_wait(const RfbPace *pace, gint64 now);

/* TRUE if the delay should be measured now, by a fence alone. */
gboolean rfb_pace_probe(const RfbPace *pace, gint64 now);
