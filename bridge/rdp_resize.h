/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rdp_resize: the size that the client wishes, told to the desktop over RDP's display control
 * channel (MS-RDPEDISP). The channel comes up at some time after the connection, or never: the last
 * wish is kept for it.
 */
#pragma once

#include <freerdp/freerdp.h>
#include <glib.h>

typedef struct RdpResize RdpResize;

RdpResize *rdp_resize_new(void);
/* After the instance, whose channels use it. */
void rdp_resize_free(RdpResize *resize);

/* Asks for the channel on an instance that is about to load its channels. */
void rdp_resize_want(RdpResize *resize, freerdp *instance);

void rdp_resize_wish(RdpResize *resize, int width, int height);
