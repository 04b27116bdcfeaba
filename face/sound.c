/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sound: see sound.h. */
#include "sound.h"

#include <speex/speex_resampler.h>

#define PIECE   480 /* frames at a time */
#define MOST    (PIECE * (SOUND_RATE_MAX / SOUND_RATE_MIN) + 64)
#define QUALITY 3 /* of 10: "for VoIP"; what is heard of it is below what a loudspeaker adds */

struct Sound {
	SoundSample sample;
	guint channels;
	guint32 rate;
	guint from; /* the rate that `resampler` takes; 0 = there is none */
	SpeexResamplerState *resampler;
	gint64 until; /* us: then the listener has heard all */
};

Sound *sound_new(void)
{
	Sound *sound = g_new0(Sound, 1);

	sound->sample = SOUND_S16;
	sound->channels = SOUND_CHANNELS;
	sound->rate = SOUND_RATE;
	return sound;
}

static void forget_resampler(Sound *sound)
{
	if (sound->from != 0)
		speex_resampler_destroy(sound->resampler);
	sound->from = 0;
}

void sound_free(Sound *sound)
{
	if (sound == NULL)
		return;
	forget_resampler(sound);
	g_free(sound);
}

static gboolean rate_is_good(guint32 rate)
{
	return rate >= SOUND_RATE_MIN && rate <= SOUND_RATE_MAX;
}

gboolean sound_want(Sound *sound, guint sample, guint channels, guint32 rate)
{
	if (sample > SOUND_S32 || channels < 1 || channels > SOUND_CHANNELS || !rate_is_good(rate))
		return FALSE;
	forget_resampler(sound);
	sound->sample = (SoundSample)sample;
	sound->channels = channels;
	sound->rate = rate;
	return TRUE;
}

gboolean sound_may_go(Sound *sound, gsize n, guint rate, gint64 now)
{
	if (!rate_is_good(rate))
		return FALSE;
	sound->until = MAX(sound->until, now);
	if (sound->until - now > SOUND_AHEAD_MS * G_TIME_SPAN_MILLISECOND)
		return FALSE;
	sound->until += (gint64)(n * G_USEC_PER_SEC / rate);
	return TRUE;
}

static void append_sample(const Sound *sound, int value, GByteArray *out)
{
	guint32 bits = (guint32)value << 16;
	guint size = 1u << sound->sample / 2;
	guint8 bytes[4];

	if (sound->sample == SOUND_U8 || sound->sample == SOUND_U16 || sound->sample == SOUND_U32)
		bits ^= 1u << 31;
	for (guint i = 0; i < size; i++)
		bytes[i] = (guint8)(bits >> (8 * (4 - size + i)));
	g_byte_array_append(out, bytes, size);
}

static void append_frames(const Sound *sound, const gint16 *frames, gsize n, GByteArray *out)
{
	for (gsize i = 0; i < n; i++) {
		int left = frames[2 * i], right = frames[2 * i + 1];

		if (sound->channels == 1) {
			append_sample(sound, (left + right) / 2, out);
			continue;
		}
		append_sample(sound, left, out);
		append_sample(sound, right, out);
	}
}

static gboolean take_resampler(Sound *sound, guint rate)
{
	if (sound->from == rate)
		return TRUE;
	forget_resampler(sound);
	sound->resampler = speex_resampler_init(SOUND_CHANNELS, rate, sound->rate, QUALITY, NULL);
	if (sound->resampler == NULL)
		return FALSE;
	sound->from = rate;
	return TRUE;
}

void sound_convert(Sound *sound, const gint16 *frames, gsize n, guint rate, GByteArray *out)
{
	gint16 piece[MOST * SOUND_CHANNELS];

	if (rate == sound->rate)
		return append_frames(sound, frames, n, out);
	if (!rate_is_good(rate) || !take_resampler(sound, rate))
		return;
	while (n > 0) {
		spx_uint32_t in = MIN(n, PIECE), made = MOST;

		speex_resampler_process_interleaved_int(sound->resampler, frames, &in, piece,
							&made);
		append_frames(sound, piece, made, out);
		if (in == 0)
			return; /* it takes no more: that would be for ever */
		frames += (gsize)in * SOUND_CHANNELS;
		n -= in;
	}
}
