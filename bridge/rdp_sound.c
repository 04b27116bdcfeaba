/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_sound: see rdp_sound.h. FreeRDP plays on a thread of its own: what that one does here is
 * under the lock. */
#include "rdp_sound.h"

#include <freerdp/addin.h>
#include <freerdp/client/channels.h>
#include <freerdp/client/cmdline.h>
#include <freerdp/client/rdpsnd.h>
#include <freerdp/codec/audio.h>
#include <string.h>

#include "sound.h"

#define NAME  "oriel"
#define FRAME (SOUND_CHANNELS * sizeof(gint16))
#define WAITS_MOST \
	(SOUND_RATE_MAX * FRAME) /* bytes: a second, while the main loop does something else */

struct RdpSound {
	GMutex lock;
	gboolean listening;
	gboolean still;      /* it has ended, and the main loop does not know */
	GByteArray *waiting; /* for the main loop: frames of `rate`           */
	guint rate;
	guint arrived; /* the source that brings them              */
	RdpSoundPlayed played;
	gpointer owner;
};

/* FreeRDP's; freed by free_device(). */
typedef struct {
	rdpsndDevicePlugin device;
	guint rate; /* 0: a form that we do not know */
} Device;

/* FreeRDP asks for plug-ins by name alone: there is one session in this process. */
static RdpSound *the_sound;

RdpSound *rdp_sound_new(RdpSoundPlayed played, gpointer owner)
{
	the_sound = g_new0(RdpSound, 1);
	g_mutex_init(&the_sound->lock);
	the_sound->waiting = g_byte_array_new();
	the_sound->played = played;
	the_sound->owner = owner;
	return the_sound;
}

void rdp_sound_free(RdpSound *sound)
{
	the_sound = NULL;
	g_clear_handle_id(&sound->arrived, g_source_remove);
	g_mutex_clear(&sound->lock);
	g_byte_array_unref(sound->waiting);
	g_free(sound);
}

void rdp_sound_listen(RdpSound *sound, gboolean on)
{
	g_mutex_lock(&sound->lock);
	sound->listening = on;
	g_mutex_unlock(&sound->lock);
}

/* ---- to the main loop */

static gboolean on_arrived(gpointer data)
{
	RdpSound *sound = data;
	g_autoptr(GByteArray) bytes = NULL;
	gboolean still;
	guint rate;

	g_mutex_lock(&sound->lock);
	sound->arrived = 0;
	bytes = g_steal_pointer(&sound->waiting);
	sound->waiting = g_byte_array_new();
	still = sound->still;
	sound->still = FALSE;
	rate = sound->rate;
	g_mutex_unlock(&sound->lock);
	if (bytes->len > 0)
		sound->played(sound->owner, (const gint16 *)(gpointer)bytes->data,
			      bytes->len / FRAME, rate);
	if (still)
		sound->played(sound->owner, NULL, 0, rate);
	return G_SOURCE_REMOVE;
}

/* With the lock. */
static void arrive(RdpSound *sound)
{
	if (sound->arrived == 0)
		sound->arrived = g_idle_add_full(G_PRIORITY_DEFAULT, on_arrived, sound, NULL);
}

/* ---- the loudspeaker */

static gboolean is_known(const AUDIO_FORMAT *format)
{
	return format->wFormatTag == WAVE_FORMAT_PCM && format->nChannels == SOUND_CHANNELS &&
	       format->wBitsPerSample == 16 && format->nSamplesPerSec >= SOUND_RATE_MIN &&
	       format->nSamplesPerSec <= SOUND_RATE_MAX;
}

static BOOL supports(rdpsndDevicePlugin *device, const AUDIO_FORMAT *format)
{
	return is_known(format);
}

/* What FreeRDP believes that it could convert: we are to see it as it is. */
static BOOL choose(rdpsndDevicePlugin *device, const AUDIO_FORMAT *desired, AUDIO_FORMAT *out)
{
	*out = *desired;
	return TRUE;
}

static BOOL open_device(rdpsndDevicePlugin *device, const AUDIO_FORMAT *format, UINT32 latency)
{
	((Device *)device)->rate = is_known(format) ? format->nSamplesPerSec : 0;
	return TRUE;
}

static BOOL set_volume(rdpsndDevicePlugin *device, UINT32 volume)
{
	return TRUE;
}

/* Returns how many ms pass until it is heard. */
static UINT play(rdpsndDevicePlugin *device, const BYTE *bytes, size_t n)
{
	guint rate = ((Device *)device)->rate;
	RdpSound *sound = the_sound;

	n -= n % FRAME;
	if (rate == 0 || n == 0)
		return 0;
	g_mutex_lock(&sound->lock);
	if (sound->rate != rate)
		g_byte_array_set_size(sound->waiting, 0);
	sound->rate = rate;
	if (sound->listening && sound->waiting->len + n <= WAITS_MOST) {
		g_byte_array_append(sound->waiting, bytes, (guint)n);
		arrive(sound);
	}
	g_mutex_unlock(&sound->lock);
	return 0;
}

static void close_device(rdpsndDevicePlugin *device)
{
	RdpSound *sound = the_sound;

	g_mutex_lock(&sound->lock);
	sound->still = TRUE;
	arrive(sound);
	g_mutex_unlock(&sound->lock);
}

static void free_device(rdpsndDevicePlugin *device)
{
	g_free(device);
}

static UINT make_device(PFREERDP_RDPSND_DEVICE_ENTRY_POINTS points)
{
	Device *device = g_new0(Device, 1);

	device->device.FormatSupported = supports;
	device->device.DefaultFormat = choose;
	device->device.Open = open_device;
	device->device.SetVolume = set_volume;
	device->device.Play = play;
	device->device.Close = close_device;
	device->device.Free = free_device;
	points->pRegisterRdpsndDevice(points->rdpsnd, &device->device);
	return CHANNEL_RC_OK;
}

static PVIRTUALCHANNELENTRY provide(LPCSTR name, LPCSTR subsystem, LPCSTR type, DWORD flags)
{
	if (g_strcmp0(name, "rdpsnd") == 0 && g_strcmp0(subsystem, NAME) == 0)
		return (PVIRTUALCHANNELENTRY)(gpointer)make_device;
	return freerdp_channels_load_static_addin_entry(name, subsystem, type, flags);
}

gboolean rdp_sound_want(RdpSound *sound, freerdp *instance)
{
	char *words[] = {(char *)"rdpsnd", (char *)"sys:" NAME, (char *)"format:1",
			 (char *)"channel:2"};
	rdpSettings *settings = instance->context->settings;

	freerdp_register_addin_provider(provide, 0);
	settings->AudioPlayback = TRUE;
	return freerdp_client_add_static_channel(settings, G_N_ELEMENTS(words), words) &&
	       freerdp_client_add_dynamic_channel(settings, G_N_ELEMENTS(words), words);
}
