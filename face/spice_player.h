/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_player: what a SPICE client hears, always at the rate that it was told when it came:
 * viewers choose a codec (Opus) by it. The library drops what its client is too slow for.
 */
#pragma once

#include <glib.h>

#include <spice.h>

#include "sound.h"

typedef struct {
	SpicePlaybackInstance instance;
	Sound *form; /* what all is played in                            */
	gboolean playing;
	guint32 *frame, frame_size, frame_at; /* the library's, being filled; or NULL */
} SpicePlayer;

/* FALSE: the server refuses. The player stays where it is until the server has ended. */
gboolean spice_player_add(SpicePlayer *player, SpiceServer *server);

/* As FaceOps.sound(). */
void spice_player_play(SpicePlayer *player, const gint16 *frames, gsize n, guint rate);

/* Before the server ends, which otherwise keeps the frame that was not given back; accepts one that
 * was never added. */
void spice_player_clear(SpicePlayer *player);
