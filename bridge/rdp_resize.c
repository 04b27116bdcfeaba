/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_resize: see rdp_resize.h. FreeRDP runs its channels on a thread of its own: what that one
 * does here is under the lock. */
#include "rdp_resize.h"

#include <freerdp/channels/channels.h>
#include <freerdp/client/disp.h>
#include <string.h>

#define LEAST 200 /* MS-RDPEDISP 2.2.2.2.1 */

struct RdpResize {
	GMutex lock;
	DispClientContext *channel; /* NULL: not there */
	int width, height;          /* 0 = no wish      */
};

/* FreeRDP's events bring its context alone: there is one session in this process. */
static RdpResize *the_resize;

RdpResize *rdp_resize_new(void)
{
	the_resize = g_new0(RdpResize, 1);
	g_mutex_init(&the_resize->lock);
	return the_resize;
}

void rdp_resize_free(RdpResize *resize)
{
	the_resize = NULL;
	g_mutex_clear(&resize->lock);
	g_free(resize);
}

/* With the lock. */
static void send_wish(RdpResize *resize)
{
	DISPLAY_CONTROL_MONITOR_LAYOUT layout = {
		.Flags = DISPLAY_CONTROL_MONITOR_PRIMARY,
		.Width = (UINT32)resize->width,
		.Height = (UINT32)resize->height,
		.DesktopScaleFactor = 100,
		.DeviceScaleFactor = 100,
	};

	if (resize->channel != NULL && resize->width > 0)
		resize->channel->SendMonitorLayout(resize->channel, 1, &layout);
}

static UINT on_caps(DispClientContext *channel, UINT32 monitors, UINT32 area_a, UINT32 area_b)
{
	g_mutex_lock(&the_resize->lock);
	the_resize->channel = channel;
	send_wish(the_resize);
	g_mutex_unlock(&the_resize->lock);
	return CHANNEL_RC_OK;
}

static void on_channel(void *context, ChannelConnectedEventArgs *e)
{
	if (strcmp(e->name, DISP_DVC_CHANNEL_NAME) == 0)
		((DispClientContext *)e->pInterface)->DisplayControlCaps = on_caps;
}

static void on_channel_gone(void *context, ChannelDisconnectedEventArgs *e)
{
	if (strcmp(e->name, DISP_DVC_CHANNEL_NAME) != 0)
		return;
	g_mutex_lock(&the_resize->lock);
	the_resize->channel = NULL;
	g_mutex_unlock(&the_resize->lock);
}

void rdp_resize_want(RdpResize *resize, freerdp *instance)
{
	rdpContext *context = instance->context;

	context->settings->SupportDisplayControl = TRUE;
	context->settings->DynamicResolutionUpdate = TRUE;
	PubSub_SubscribeChannelConnected(context->pubSub, on_channel);
	PubSub_SubscribeChannelDisconnected(context->pubSub, on_channel_gone);
}

void rdp_resize_wish(RdpResize *resize, int width, int height)
{
	g_mutex_lock(&resize->lock);
	resize->width = MAX(width, LEAST) & ~1; /* must be even */
	resize->height = MAX(height, LEAST);
	send_wish(resize);
	g_mutex_unlock(&resize->lock);
}
