/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_clipboard: see rdp_clipboard.h. What the channel's thread does here is under the lock. */
#include "rdp_clipboard.h"

#include <freerdp/channels/channels.h>
#include <freerdp/client/cliprdr.h>
#include <string.h>

#include "face.h"

#define UNICODE_TEXT 13 /* CF_UNICODETEXT, MS-RDPECLIP 1.3.1.2 */

struct RdpClipboard {
	GMutex lock;
	CliprdrClientContext *channel; /* NULL: not there, or not ready */
	char *text;                    /* the client's; NULL = none      */
	char *theirs;                  /* of the desktop, on its way to the main loop */
	guint arrived;                 /* the source that brings it      */
	RdpClipboardTaken taken;
	gpointer owner;
};

/* FreeRDP's events bring its context alone: there is one session in this process. */
static RdpClipboard *the_clipboard;

RdpClipboard *rdp_clipboard_new(RdpClipboardTaken taken, gpointer owner)
{
	the_clipboard = g_new0(RdpClipboard, 1);
	g_mutex_init(&the_clipboard->lock);
	the_clipboard->taken = taken;
	the_clipboard->owner = owner;
	return the_clipboard;
}

void rdp_clipboard_free(RdpClipboard *clipboard)
{
	the_clipboard = NULL;
	g_clear_handle_id(&clipboard->arrived, g_source_remove);
	g_mutex_clear(&clipboard->lock);
	g_free(clipboard->text);
	g_free(clipboard->theirs);
	g_free(clipboard);
}

/* ---- text */

char *rdp_clipboard_decode(const guint8 *bytes, gsize n)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree gunichar2 *units = NULL;
	g_autofree char *utf8 = NULL;
	gsize length = 0;

	if (n / 2 > FACE_MAX_TEXT)
		return NULL;
	units = g_new(gunichar2, n / 2 + 1);
	for (; length < n / 2; length++) {
		units[length] = (gunichar2)(bytes[2 * length] | bytes[2 * length + 1] << 8);
		if (units[length] == 0)
			break;
	}
	utf8 = g_utf16_to_utf8(units, (glong)length, NULL, NULL, NULL);
	for (const char *at = utf8; at != NULL && *at != '\0'; at++)
		if (at[0] != '\r' || at[1] != '\n')
			g_string_append_c(text, *at);
	if (utf8 == NULL || text->len > FACE_MAX_TEXT)
		return NULL;
	return g_string_free(g_steal_pointer(&text), FALSE);
}

guint8 *rdp_clipboard_encode(const char *text, gsize *out_n)
{
	g_autoptr(GString) lines = g_string_new(NULL);
	g_autofree gunichar2 *units = NULL;
	glong length = 0;
	guint8 *bytes;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\n' && (at == text || at[-1] != '\r'))
			g_string_append_c(lines, '\r');
		g_string_append_c(lines, *at);
	}
	units = g_utf8_to_utf16(lines->str, (glong)lines->len, NULL, &length, NULL);
	if (units == NULL)
		return NULL;
	*out_n = 2 * ((gsize)length + 1);
	bytes = g_malloc(*out_n);
	for (gsize i = 0; i <= (gsize)length; i++) {
		bytes[2 * i] = (guint8)(units[i] & 0xff);
		bytes[2 * i + 1] = (guint8)(units[i] >> 8);
	}
	return bytes;
}

/* ---- to the desktop */

/* With the lock. An empty list says that we have nothing. */
static UINT offer(RdpClipboard *clipboard)
{
	CLIPRDR_FORMAT unicode = {.formatId = UNICODE_TEXT};
	CLIPRDR_FORMAT_LIST list = {.msgType = CB_FORMAT_LIST,
				    .numFormats = clipboard->text != NULL,
				    .formats = &unicode};

	return clipboard->channel->ClientFormatList(clipboard->channel, &list);
}

void rdp_clipboard_offer(RdpClipboard *clipboard, const char *text)
{
	g_mutex_lock(&clipboard->lock);
	g_free(clipboard->text);
	clipboard->text = g_strdup(text);
	if (clipboard->channel != NULL)
		offer(clipboard);
	g_mutex_unlock(&clipboard->lock);
}

static UINT on_ready(CliprdrClientContext *channel, const CLIPRDR_MONITOR_READY *ready)
{
	CLIPRDR_GENERAL_CAPABILITY_SET general = {
		.capabilitySetType = CB_CAPSTYPE_GENERAL,
		.capabilitySetLength = CB_CAPSTYPE_GENERAL_LEN,
		.version = CB_CAPS_VERSION_2,
		.generalFlags = CB_USE_LONG_FORMAT_NAMES,
	};
	CLIPRDR_CAPABILITIES capabilities = {
		.cCapabilitiesSets = 1,
		.capabilitySets = (CLIPRDR_CAPABILITY_SET *)&general,
	};
	UINT status = channel->ClientCapabilities(channel, &capabilities);

	if (status != CHANNEL_RC_OK)
		return status;
	g_mutex_lock(&the_clipboard->lock);
	the_clipboard->channel = channel;
	status = offer(the_clipboard);
	g_mutex_unlock(&the_clipboard->lock);
	return status;
}

/* Somebody pastes there. */
static UINT on_request(CliprdrClientContext *channel, const CLIPRDR_FORMAT_DATA_REQUEST *request)
{
	CLIPRDR_FORMAT_DATA_RESPONSE response = {.msgFlags = CB_RESPONSE_FAIL};
	g_autofree guint8 *bytes = NULL;
	gsize n = 0;

	g_mutex_lock(&the_clipboard->lock);
	if (the_clipboard->text != NULL && request->requestedFormatId == UNICODE_TEXT)
		bytes = rdp_clipboard_encode(the_clipboard->text, &n);
	g_mutex_unlock(&the_clipboard->lock);
	if (bytes != NULL) {
		response.msgFlags = CB_RESPONSE_OK;
		response.dataLen = (UINT32)n;
		response.requestedFormatData = bytes;
	}
	return channel->ClientFormatDataResponse(channel, &response);
}

/* ---- from the desktop */

static UINT on_formats(CliprdrClientContext *channel, const CLIPRDR_FORMAT_LIST *list)
{
	CLIPRDR_FORMAT_LIST_RESPONSE taken = {.msgFlags = CB_RESPONSE_OK};
	CLIPRDR_FORMAT_DATA_REQUEST request = {.requestedFormatId = UNICODE_TEXT};
	UINT status = channel->ClientFormatListResponse(channel, &taken);

	for (UINT32 i = 0; i < list->numFormats && status == CHANNEL_RC_OK; i++)
		if (list->formats[i].formatId == UNICODE_TEXT)
			return channel->ClientFormatDataRequest(channel, &request);
	return status;
}

static gboolean on_arrived(gpointer data)
{
	RdpClipboard *clipboard = data;
	g_autofree char *text = NULL;

	g_mutex_lock(&clipboard->lock);
	clipboard->arrived = 0;
	text = g_steal_pointer(&clipboard->theirs);
	g_mutex_unlock(&clipboard->lock);
	if (text != NULL)
		clipboard->taken(clipboard->owner, text);
	return G_SOURCE_REMOVE;
}

static UINT on_data(CliprdrClientContext *channel, const CLIPRDR_FORMAT_DATA_RESPONSE *response)
{
	char *text = NULL;

	if (response->msgFlags & CB_RESPONSE_OK)
		text = rdp_clipboard_decode(response->requestedFormatData, response->dataLen);
	if (text == NULL)
		return CHANNEL_RC_OK;
	g_mutex_lock(&the_clipboard->lock);
	g_free(the_clipboard->theirs);
	the_clipboard->theirs = text;
	if (the_clipboard->arrived == 0)
		the_clipboard->arrived = g_idle_add(on_arrived, the_clipboard);
	g_mutex_unlock(&the_clipboard->lock);
	return CHANNEL_RC_OK;
}

/* ---- the channel */

static UINT accept_capabilities(CliprdrClientContext *channel,
				const CLIPRDR_CAPABILITIES *capabilities)
{
	return CHANNEL_RC_OK;
}

static UINT accept_response(CliprdrClientContext *channel,
			    const CLIPRDR_FORMAT_LIST_RESPONSE *response)
{
	return CHANNEL_RC_OK;
}

static void on_channel(void *context, ChannelConnectedEventArgs *e)
{
	CliprdrClientContext *channel = e->pInterface;

	if (strcmp(e->name, CLIPRDR_SVC_CHANNEL_NAME) != 0)
		return;
	channel->custom = the_clipboard; /* the library refuses to work without */
	channel->ServerCapabilities = accept_capabilities;
	channel->MonitorReady = on_ready;
	channel->ServerFormatList = on_formats;
	channel->ServerFormatListResponse = accept_response;
	channel->ServerFormatDataRequest = on_request;
	channel->ServerFormatDataResponse = on_data;
}

static void on_channel_gone(void *context, ChannelDisconnectedEventArgs *e)
{
	if (strcmp(e->name, CLIPRDR_SVC_CHANNEL_NAME) != 0)
		return;
	g_mutex_lock(&the_clipboard->lock);
	the_clipboard->channel = NULL;
	g_mutex_unlock(&the_clipboard->lock);
}

void rdp_clipboard_want(RdpClipboard *clipboard, freerdp *instance)
{
	rdpContext *context = instance->context;

	context->settings->RedirectClipboard = TRUE;
	PubSub_SubscribeChannelConnected(context->pubSub, on_channel);
	PubSub_SubscribeChannelDisconnected(context->pubSub, on_channel_gone);
}
