/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_clipboard: text to and from a SPICE desktop's agent, by its main channel. */
#pragma once

#include <spice-client.h>

#include "source.h"

typedef struct {
	SpiceMainChannel *channel; /* borrowed; NULL = not there yet          */
	char *text;                /* the client's, until the guest asks for it */
	const SourceEvents *events;
	gpointer owner;
} SpiceClipboard;

/* events' clipboard is used. */
void spice_clipboard_init(SpiceClipboard *clipboard, const SourceEvents *events, gpointer owner);
void spice_clipboard_clear(SpiceClipboard *clipboard);
/* The desktop has this channel. */
void spice_clipboard_take(SpiceClipboard *clipboard, SpiceMainChannel *channel);
/* The client's clipboard, UTF-8. */
void spice_clipboard_offer(SpiceClipboard *clipboard, const char *text);
