/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_sound: what a SPICE desktop plays, by its playback channel, which is connected once the
 * client listens.
 */
#pragma once

#include <spice-client.h>

#include "source.h"

typedef struct {
	SpiceChannel *channel; /* borrowed; NULL = not there yet */
	gboolean listening;    /* the client does */
	gboolean connected;
	guint rate; /* of what the desktop plays; 0 = in no form that we know */
	const SourceEvents *events;
	gpointer owner;
} SpiceSound;

/* events' sound is used. */
void spice_sound_init(SpiceSound *sound, const SourceEvents *events, gpointer owner);
/* The desktop has this channel; only the first counts. */
void spice_sound_take(SpiceSound *sound, SpiceChannel *channel);
void spice_sound_listen(SpiceSound *sound, gboolean on);
