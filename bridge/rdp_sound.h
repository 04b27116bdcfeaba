/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rdp_sound: what an RDP desktop plays (MS-RDPEA), through FreeRDP's channel, for which we are the
 * loudspeaker: it asks whoever provides its plug-ins, and so no file is loaded and no sound server
 * looked for. Only PCM of 16 bits in stereo is accepted, which every server has.
 */
#pragma once

#include <glib.h>

#include <freerdp/freerdp.h>

typedef struct RdpSound RdpSound;

/* As source.h's sound(), on the main loop's thread. */
typedef void (*RdpSoundPlayed)(gpointer owner, const gint16 *frames, gsize n, guint rate);

/* One a process. */
RdpSound *rdp_sound_new(RdpSoundPlayed played, gpointer owner);
/* After FreeRDP's channels have ended. */
void rdp_sound_free(RdpSound *sound);

/* Before FreeRDP's channels are loaded; stands in for its own provider of plug-ins. */
gboolean rdp_sound_want(RdpSound *sound, freerdp *instance);
/* What is played while nobody listens is dropped. */
void rdp_sound_listen(RdpSound *sound, gboolean on);
