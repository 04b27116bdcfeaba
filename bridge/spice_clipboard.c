/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_clipboard: see spice_clipboard.h. */
#include "spice_clipboard.h"

#include <spice/vd_agent.h>
#include <string.h>

void spice_clipboard_init(SpiceClipboard *clipboard, const SourceEvents *events, gpointer owner)
{
	*clipboard = (SpiceClipboard){.events = events, .owner = owner};
}

void spice_clipboard_clear(SpiceClipboard *clipboard)
{
	g_clear_pointer(&clipboard->text, g_free);
}

/* ---- the guest's */

static gboolean on_grab(SpiceMainChannel *channel, guint selection, const guint32 *types, guint n,
			gpointer data)
{
	for (guint i = 0; i < n && selection == VD_AGENT_CLIPBOARD_SELECTION_CLIPBOARD; i++)
		if (types[i] == VD_AGENT_CLIPBOARD_UTF8_TEXT) {
			spice_main_channel_clipboard_selection_request(channel, selection,
								       types[i]);
			return TRUE;
		}
	return FALSE;
}

static void on_text(SpiceMainChannel *channel, guint selection, guint type, const guchar *bytes,
		    guint n, gpointer data)
{
	SpiceClipboard *clipboard = data;
	g_autofree char *text = NULL;

	if (type != VD_AGENT_CLIPBOARD_UTF8_TEXT || n > FACE_MAX_TEXT)
		return;
	text = g_utf8_make_valid((const char *)bytes, (gssize)strnlen((const char *)bytes, n));
	clipboard->events->clipboard(clipboard->owner, text);
}

/* ---- the client's */

static gboolean on_request(SpiceMainChannel *channel, guint selection, guint type, gpointer data)
{
	const char *text = ((SpiceClipboard *)data)->text;

	if (text == NULL || type != VD_AGENT_CLIPBOARD_UTF8_TEXT)
		return FALSE;
	spice_main_channel_clipboard_selection_notify(channel, selection, type,
						      (const guchar *)text, strlen(text));
	return TRUE;
}

void spice_clipboard_offer(SpiceClipboard *clipboard, const char *text)
{
	guint32 type = VD_AGENT_CLIPBOARD_UTF8_TEXT;

	g_free(clipboard->text);
	clipboard->text = g_strdup(text);
	if (clipboard->channel != NULL)
		spice_main_channel_clipboard_selection_grab(
			clipboard->channel, VD_AGENT_CLIPBOARD_SELECTION_CLIPBOARD, &type, 1);
}

void spice_clipboard_take(SpiceClipboard *clipboard, SpiceMainChannel *channel)
{
	clipboard->channel = channel;
	g_signal_connect(channel, "main-clipboard-selection-grab", G_CALLBACK(on_grab), clipboard);
	g_signal_connect(channel, "main-clipboard-selection", G_CALLBACK(on_text), clipboard);
	g_signal_connect(channel, "main-clipboard-selection-request", G_CALLBACK(on_request),
			 clipboard);
}
