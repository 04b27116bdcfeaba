/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oriel-bridge FACE LAYOUT: carries one session between a client that speaks FACE ("vnc", "spice")
 * and a desktop that speaks another protocol. The broker starts it and talks to it on descriptor 3.
 * LAYOUT is the desktop's keyboard, for protocols that tell keys apart by place.
 */
#include <stdio.h>

#include "bridge.h"
#include "fault.h"
#include "last_words.h"
#include "log.h"
#include "sandbox_bridge.h"
#include "source.h"

#define WIRE 3

/* What libraries say of USB, of their own deprecations and of plugins that the sandbox keeps out
 * helps nobody; errors come as events. */
static void hush(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
}

int main(int argc, char **argv)
{
	const FaceOps *face = argc == 3 ? face_find(argv[1]) : NULL;
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	g_autoptr(GError) error = NULL;
	Keymap *keymap = NULL;
	Bridge *bridge;

	log_init("bridge", FALSE);
	g_log_set_handler("GSpice", G_LOG_LEVEL_MASK, hush, NULL);
	g_log_set_handler("GStreamer", G_LOG_LEVEL_MASK, hush, NULL);
	if (face == NULL) {
		fprintf(stderr,
			"usage: oriel-bridge vnc|spice LAYOUT, with the broker on descriptor 3\n");
		return 2;
	}
	source_rdp_prepare();
	if (sandbox_bridge(&error))
		keymap = keymap_new(argv[2], &error);
	if (keymap == NULL) {
		log_warning(NULL, "%s", error->message);
		return 1;
	}
	last_words_init(WIRE);
	bridge = bridge_new(WIRE, face, keymap, loop);
	g_main_loop_run(loop);
	bridge_free(bridge);
	keymap_free(keymap);
	return 0;
}
