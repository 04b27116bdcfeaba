/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_qemu: see vnc_qemu.h. */
#include "vnc_qemu.h"

#include "sound.h"

#define MESSAGE   255
#define AUDIO     1
#define BYTES_MAX (1 << 20) /* of one message */

static void ask_for_sound(const VncQemu *qemu, rfbClient *client)
{
	enum { ENABLE = 0, DISABLE = 1, SET_FORMAT = 2 };
	static const guint8 form[] = {MESSAGE,        AUDIO, 0, SET_FORMAT,      SOUND_S16,
				      SOUND_CHANNELS, 0,     0, SOUND_RATE >> 8, SOUND_RATE & 0xff};
	const guint8 wish[] = {MESSAGE, AUDIO, 0, qemu->listening ? ENABLE : DISABLE};

	if (qemu->listening)
		WriteToRFBServer(client, (const char *)form, sizeof form);
	WriteToRFBServer(client, (const char *)wish, sizeof wish);
}

gboolean vnc_qemu_rectangle(VncQemu *qemu, rfbClient *client,
			    const rfbFramebufferUpdateRectHeader *rect)
{
	char leds;

	if (rect->encoding == (uint32_t)VNC_QEMU_SOUND) {
		if (!qemu->sounds && qemu->listening)
			ask_for_sound(qemu, client);
		qemu->sounds = TRUE;
		return TRUE;
	}
	if (rect->encoding != (uint32_t)VNC_QEMU_LEDS || !ReadFromRFBServer(client, &leds, 1))
		return FALSE;
	qemu->events->leds(qemu->owner, (guint8)leds);
	return TRUE;
}

static gboolean read_samples(const VncQemu *qemu, rfbClient *client, guint32 n)
{
	gint16 frames[SOUND_CHANNELS * 480];

	while (n > 0) {
		guint32 piece = MIN(n, sizeof frames);

		if (!ReadFromRFBServer(client, (char *)frames, piece))
			return FALSE;
		for (gsize i = 0; i < G_N_ELEMENTS(frames); i++)
			frames[i] = GINT16_FROM_LE(frames[i]);
		if (qemu->listening)
			qemu->events->sound(qemu->owner, frames,
					    piece / SOUND_CHANNELS / sizeof *frames, SOUND_RATE);
		n -= piece;
	}
	return TRUE;
}

gboolean vnc_qemu_message(VncQemu *qemu, rfbClient *client, guint8 type)
{
	enum { END = 0, BEGIN = 1, DATA = 2 };
	guint8 head[3];
	guint32 n;

	if (type != MESSAGE || !ReadFromRFBServer(client, (char *)head, sizeof head) ||
	    head[0] != AUDIO || head[1] != 0)
		return FALSE;
	if (head[2] == END)
		qemu->events->sound(qemu->owner, NULL, 0, SOUND_RATE);
	if (head[2] != DATA)
		return head[2] <= BEGIN;
	return ReadFromRFBServer(client, (char *)&n, sizeof n) && GUINT32_FROM_BE(n) <= BYTES_MAX &&
	       read_samples(qemu, client, GUINT32_FROM_BE(n));
}

void vnc_qemu_listen(VncQemu *qemu, rfbClient *client, gboolean on)
{
	qemu->listening = on;
	if (qemu->sounds)
		ask_for_sound(qemu, client);
}
