/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_sound: see spice_sound.h. */
#include "spice_sound.h"

#include "sound.h"

void spice_sound_init(SpiceSound *sound, const SourceEvents *events, gpointer owner)
{
	*sound = (SpiceSound){.events = events, .owner = owner};
}

static void on_start(SpiceChannel *channel, int format, int channels, int rate, gpointer data)
{
	gboolean known = format == SPICE_AUDIO_FMT_S16 && channels == SOUND_CHANNELS && rate > 0;

	((SpiceSound *)data)->rate = known ? (guint)rate : 0;
}

/* As loud as the guest's mixer says, which leaves that to its viewer. */
static void on_data(SpiceChannel *channel, gpointer samples, int size, gpointer data)
{
	SpiceSound *sound = data;
	gsize n = (gsize)MAX(size, 0) / sizeof(gint16) / SOUND_CHANNELS;
	g_autofree gint16 *frames = NULL;
	guint16 *volume = NULL;
	gboolean mute = FALSE;
	guint8 channels = 0;

	g_object_get(channel, "volume", &volume, "nchannels", &channels, "mute", &mute, NULL);
	if (!sound->listening || sound->rate == 0 || n == 0 || mute)
		return;
	frames = g_memdup2(samples, n * SOUND_CHANNELS * sizeof *frames);
	for (gsize i = 0; i < n * SOUND_CHANNELS && volume != NULL && channels == SOUND_CHANNELS;
	     i++)
		frames[i] = (gint16)(frames[i] * volume[i % SOUND_CHANNELS] / G_MAXUINT16);
	sound->events->sound(sound->owner, frames, n, sound->rate);
}

static void on_stop(SpiceChannel *channel, gpointer data)
{
	SpiceSound *sound = data;

	sound->events->sound(sound->owner, NULL, 0, SOUND_RATE);
}

void spice_sound_take(SpiceSound *sound, SpiceChannel *channel)
{
	if (sound->channel != NULL)
		return;
	sound->channel = channel;
	g_signal_connect(channel, "playback-start", G_CALLBACK(on_start), sound);
	g_signal_connect(channel, "playback-data", G_CALLBACK(on_data), sound);
	g_signal_connect(channel, "playback-stop", G_CALLBACK(on_stop), sound);
	spice_sound_listen(sound, sound->listening);
}

void spice_sound_listen(SpiceSound *sound, gboolean on)
{
	sound->listening = on;
	if (!on || sound->connected || sound->channel == NULL)
		return;
	sound->connected = TRUE;
	spice_channel_connect(sound->channel);
}
