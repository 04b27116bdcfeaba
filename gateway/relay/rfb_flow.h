/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_flow: ContinuousUpdates and Fence, ended at the gateway (rfbproto, "ContinuousUpdates",
 * "Fence"). Few desktops have them, and a viewer without asks for each picture when it has seen the
 * last: at 100 ms of distance ten times a second at most. Here the viewer only says that it wants
 * to be kept up to date, and the gateway asks the desktop, beside which it stands, at the pace that
 * the line to the viewer can carry (rfb_pace.h).
 *
 * Only a viewer that knows both has one: the others are NULL in the calls below, and nothing
 * happens. It puts messages into buffers and touches no stream; the relay says when there is a
 * place between two messages. Times are in us.
 */
#pragma once

#include "buffer.h"
#include "relay/rfb_pace.h"

#define RFB_FLOW_SAY_MAX 4096 /* bytes of `say` above which the viewer is not listened to */

typedef struct {
	RfbPace pace;
	Buffer say;       /* to the viewer, at the next place between two messages  */
	guint64 counted;  /* bytes to the viewer up to the last fence               */
	gint64 held_us;   /* since when `ending`                                    */
	guint16 area[4];  /* x, y, width, height that the viewer wants              */
	guint on : 1;     /* the viewer has switched it on                      */
	guint ending : 1; /* switched off; what was asked for is still to come  */
	guint forced : 1; /* while ending: the desktop has been made to answer  */
	guint asked : 1;  /* the desktop owes an update                         */
} RfbFlow;

/* Tells a viewer that has said that it knows both that we do, too. Free it with rfb_flow_free(). */
RfbFlow *rfb_flow_new(gint64 now);
void rfb_flow_free(RfbFlow *flow);

/* EnableContinuousUpdates, 10 bytes. Until rfb_flow_held() is over no later message of the viewer
 * may be looked at: it may change the pixel format, and what is on its way has the old one. */
void rfb_flow_enable(RfbFlow *flow, const guint8 *message, gint64 now);
static inline gboolean rfb_flow_held(const RfbFlow *flow)
{
	return flow != NULL && flow->ending;
}

/* The viewer's own FramebufferUpdateRequest: TRUE if it goes on to the desktop. */
gboolean rfb_flow_request(RfbFlow *flow, const guint8 *message);

/* The viewer's Fence, whole: a question is answered, an answer is noted. */
void rfb_flow_fence(RfbFlow *flow, const guint8 *message, gint64 now);

/* The desktop has sent an update to its end. TRUE: rfb_flow_updated() wants to know when it has
 * gone out, before anything behind it does. */
gboolean rfb_flow_wants_end(RfbFlow *flow);

/* An update has gone out to its last byte; sent: all bytes to the viewer so far. */
void rfb_flow_updated(RfbFlow *flow, guint64 sent, gint64 now);

/* Appends what the desktop is to be asked now, if anything; sent: as above. Returns how long until
 * it should be called again, -1 = something else has to happen first. */
gint64 rfb_flow_ask(RfbFlow *flow, guint64 sent, Buffer *to_desktop, gint64 now);

/* Another desktop is below, and has been asked for everything: what the old one owed is settled. */
void rfb_flow_moved(RfbFlow *flow);
