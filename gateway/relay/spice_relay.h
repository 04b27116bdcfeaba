/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_relay: what the relay of one SPICE channel remembers. Private to relay_spice.c and
 * spice_swap.c, but for its channel, which the dial of the next desktop needs. */
#pragma once

#include "front/front_spice.h"
#include "relay/spice_keys.h"
#include "spice/spice_frame.h"

typedef struct {
	FrontSpiceChannel *channel;

	SpiceFrame down;       /* from the desktop to the viewer */
	gboolean down_seen;    /* the present message was looked at, and has not begun to pass */
	gboolean down_drop;    /* ... goes nowhere */
	gboolean down_surface; /* ... makes a surface, or does away with one */
	gboolean down_told;    /* the log knows that some are dropped */
	unsigned writes;       /* to the viewer, in this run */
	gsize pad;             /* zeros due: the rest of a message whose desktop has gone */
	Buffer ours;           /* messages of our own to the viewer: before the desktop's */
	SpiceFrame ours_frame;
	Buffer last; /* one that goes out when the desktop's present one is over */

	SpiceFrame up;    /* from the viewer: what was looked at, which may be ahead of ...  */
	gsize up_ready;   /* ... what was sent: bytes at the front of client.in that are due */
	gboolean up_drop; /* the present message goes nowhere */
	guint64 up_wait;  /* ... or has to wait so many ms, 0 = not */
	SpiceKeys keys;   /* inputs */

	/* What the viewer holds of the desktop, and has to be told to let go of. */
	gboolean agent_shut;  /* main: its words to an agent are for the one before       */
	GByteArray *listed;   /* main: a bit for each channel that it has been told of, ... */
	GByteArray *surfaces; /* ... display: for each surface; NULL = none               */
	unsigned motions;     /* inputs: of the pointer that nobody has acknowledged      */
} SpiceRelay;

static inline FrontSpiceChannel *spice_relay_channel(const Session *session)
{
	return ((SpiceRelay *)session->relaying)->channel;
}
