/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * front_spice: what the SPICE front leaves to the desktop's side and to the relay: what the viewer
 * said about its channel, so that the channel can be linked to a desktop in the viewer's stead, now
 * and again when another desktop takes the first one's place.
 */
#pragma once

#include "session/session.h"
#include "spice/spice_link.h"

typedef struct {
	SpiceLinkMess mess;
	GBytes *display_init; /* a display channel's first message, header included; else NULL */
} FrontSpiceChannel;

/* Of a session in greet, dial or welcome; borrowed. */
FrontSpiceChannel *front_spice_channel(Session *session);

/* The same, taken over: front_spice_channel_free() it. */
FrontSpiceChannel *front_spice_steal_channel(Session *session);
void front_spice_channel_free(FrontSpiceChannel *channel); /* accepts NULL */
