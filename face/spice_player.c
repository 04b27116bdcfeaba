/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_player: see spice_player.h. */
#include "spice_player.h"

#include <string.h>

static const SpicePlaybackInterface interface = {
	.base = {SPICE_INTERFACE_PLAYBACK, "sound", SPICE_INTERFACE_PLAYBACK_MAJOR,
		 SPICE_INTERFACE_PLAYBACK_MINOR},
};

gboolean spice_player_add(SpicePlayer *player, SpiceServer *server)
{
	player->form = sound_new();
	player->instance.base.sif = &interface.base;
	if (spice_server_add_interface(server, &player->instance.base) != 0)
		return FALSE;
	spice_server_set_playback_rate(&player->instance, SOUND_RATE);
	return TRUE;
}

static void be_still(SpicePlayer *player)
{
	if (player->frame != NULL)
		spice_server_playback_put_samples(&player->instance,
						  g_steal_pointer(&player->frame));
	if (player->playing)
		spice_server_playback_stop(&player->instance);
	player->playing = FALSE;
}

/* A frame of the library's with both samples in each word; it says how many it wants. */
static gboolean fill(SpicePlayer *player, const guint8 *frame)
{
	if (player->frame == NULL) {
		spice_server_playback_get_buffer(&player->instance, &player->frame,
						 &player->frame_size);
		player->frame_at = 0;
	}
	if (player->frame == NULL)
		return FALSE;
	memcpy(player->frame + player->frame_at++, frame, sizeof *player->frame);
	if (player->frame_at >= player->frame_size)
		spice_server_playback_put_samples(&player->instance,
						  g_steal_pointer(&player->frame));
	return TRUE;
}

void spice_player_play(SpicePlayer *player, const gint16 *frames, gsize n, guint rate)
{
	const gsize size = sizeof *player->frame;
	g_autoptr(GByteArray) bytes = g_byte_array_new();

	if (n == 0)
		be_still(player);
	sound_convert(player->form, frames, n, rate, bytes);
	if (bytes->len > 0 && !player->playing) {
		spice_server_playback_start(&player->instance);
		player->playing = TRUE;
	}
	for (gsize at = 0; at < bytes->len && fill(player, bytes->data + at); at += size)
		;
}

void spice_player_clear(SpicePlayer *player)
{
	be_still(player);
	g_clear_pointer(&player->form, sound_free);
}
