/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sound: from what a desktop plays (16 bits, stereo, at its rate) to what one listener takes: at
 * another rate, on one channel, in samples of another size. Never more than SOUND_AHEAD_MS ahead of
 * the clock: a listener whose line stood still hears what is played now, not what has waited.
 */
#pragma once

#include <glib.h>

#define SOUND_CHANNELS 2
#define SOUND_RATE     48000 /* where the rate is ours to choose */
#define SOUND_RATE_MIN 8000
#define SOUND_RATE_MAX 96000
#define SOUND_AHEAD_MS 250

/* A sample, as RFB's QEMU audio messages number them; least significant byte first. */
typedef enum {
	SOUND_U8,
	SOUND_S8,
	SOUND_U16,
	SOUND_S16,
	SOUND_U32,
	SOUND_S32,
} SoundSample;

typedef struct Sound Sound;

/* For a listener of SOUND_S16, both channels, SOUND_RATE. */
Sound *sound_new(void);
/* Accepts NULL. */
void sound_free(Sound *sound);

/* FALSE: there is no such form, all is as before. */
gboolean sound_want(Sound *sound, guint sample, guint channels, guint32 rate);

/* TRUE: n frames at this rate may go out now (us), and count as gone. */
gboolean sound_may_go(Sound *sound, gsize n, guint rate, gint64 now);

/* Appends n frames (two samples each) in the listener's form. Of a rate out of bounds: nothing. */
void sound_convert(Sound *sound, const gint16 *frames, gsize n, guint rate, GByteArray *out);
