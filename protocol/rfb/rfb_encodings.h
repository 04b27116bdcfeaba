/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_encodings: every encoding that we can frame, and those that only announce something. What is
 * not in this table is never passed on to a desktop: a rectangle of an unknown encoding has no
 * known end, and the stream would be lost behind it.
 *
 * Left out on purpose: JPEG (21) has no length; zlibhex (8), TRLE (15) and UltraVNC's 0xfffe0000
 * family have no use here; WMVi (0x574d5669) changes the pixel format; extended mouse buttons
 * (-316) change the size of pointer events; gii (-305) has messages of its own. Fence (-312) and
 * ContinuousUpdates (-313) are between the viewer and the gateway alone.
 */
#pragma once

#include <glib.h>

enum {
	RFB_RAW = 0,
	RFB_COPY_RECT = 1,
	RFB_RRE = 2,
	RFB_CORRE = 4,
	RFB_HEXTILE = 5,
	RFB_ZLIB = 6,
	RFB_TIGHT = 7,
	RFB_ZRLE = 16,
	RFB_ZYWRLE = 17,
	RFB_H264 = 50,
	RFB_DESKTOP_SIZE = -223,
	RFB_LAST_RECT = -224,
	RFB_POINTER_POS = -232,
	RFB_CURSOR = -239,
	RFB_XCURSOR = -240,
	RFB_QEMU_POINTER = -257,
	RFB_QEMU_EXT_KEY = -258,
	RFB_QEMU_EXT_AUDIO = -259,
	RFB_TIGHT_PNG = -260,
	RFB_LED_STATE = -261,
	RFB_DESKTOP_NAME = -307,
	RFB_EXT_DESKTOP_SIZE = -308,
	RFB_XVP_WANTED = -309,
	RFB_FENCE_WANTED = -312,
	RFB_CONTINUOUS_WANTED = -313,
	RFB_CURSOR_ALPHA = -314,
	RFB_EXT_CLIPBOARD = (gint32)0xc0a1e5ce,
	RFB_VMWARE_CURSOR = 0x574d5664,
	RFB_VMWARE_CURSOR_STATE = 0x574d5665,
	RFB_VMWARE_CURSOR_POSITION = 0x574d5666,
	RFB_VMWARE_LED_STATE = 0x574d5668,
};

/* How a rectangle of an encoding is laid out behind its 12-byte header. */
typedef enum {
	RFB_SHAPE_UNKNOWN,
	RFB_SHAPE_EMPTY,
	RFB_SHAPE_PIXELS,  /* w * h pixels                             */
	RFB_SHAPE_FOUR,    /* 4 bytes                                  */
	RFB_SHAPE_RRE,     /* count, background, pixel + 8 bytes each  */
	RFB_SHAPE_CORRE,   /* count, background, pixel + 4 bytes each  */
	RFB_SHAPE_TILES,   /* Hextile                                  */
	RFB_SHAPE_COUNTED, /* U32 length, and so many bytes            */
	RFB_SHAPE_VIDEO,   /* U32 length, U32 flags, so many bytes     */
	RFB_SHAPE_TIGHT,
	RFB_SHAPE_CURSOR,       /* pixels and a mask                        */
	RFB_SHAPE_XCURSOR,      /* two colours and two masks, or nothing    */
	RFB_SHAPE_CURSOR_ALPHA, /* an inner encoding, and RGBA              */
	RFB_SHAPE_VMWARE_CURSOR,
	RFB_SHAPE_ONE,     /* 1 byte                                   */
	RFB_SHAPE_TWO,     /* 2 bytes                                  */
	RFB_SHAPE_SCREENS, /* count and 16 bytes each                  */
} RfbShape;

RfbShape rfb_shape(gint32 encoding);

/* What a SetEncodings, or the desktop's answer to one, switches on. */
enum {
	RFB_FEATURE_EXT_KEY = 1 << 0,
	RFB_FEATURE_AUDIO = 1 << 1,
	RFB_FEATURE_XVP = 1 << 2,
	RFB_FEATURE_SIZE = 1 << 3,
	RFB_FEATURE_CLIPBOARD = 1 << 4,
	RFB_FEATURE_FENCE = 1 << 5,      /* only ever asked for */
	RFB_FEATURE_CONTINUOUS = 1 << 6, /* only ever asked for */
};

/* The feature behind an encoding's number; 0 = none. */
unsigned rfb_feature(gint32 encoding);

#define RFB_ENCODINGS_MAX 128 /* that one list keeps; the rest of a longer one is dropped */

/*
 * Keeps of a client's list (n big-endian numbers at `list`) those that we know, once each and in
 * their order, and moves them to the END of the list's memory, so that what precedes it can be
 * moved up and the message stays in one piece. Returns how many are kept; *out_features says
 * what the client asked for with them.
 */
unsigned rfb_encodings_filter(guint8 *list, unsigned n, unsigned *out_features);
