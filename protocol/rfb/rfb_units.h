/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_units: finds the ends of things in a running RFB connection, both ways, without touching
 * them. A unit is what may be passed on, dropped or replaced as one piece: a message, the header
 * of a FramebufferUpdate, a rectangle. So a desktop can be changed below a viewer at any unit.
 *
 * Only two kinds of rectangle are handed out in parts before they are whole: Raw (large ones) and
 * Hextile, because what is missing of them can be made up; a compressed one cannot be completed by
 * anybody else, so it is held until it is all there.
 *
 * It keeps no bytes, allocates nothing and looks at no byte twice, but for a few at the front of
 * a unit that is not whole yet. Sources: RFC 6143 7.5 to 7.8; rfbproto.
 */
#pragma once

#include "rfb.h"
#include "rfb_encodings.h"

#define RFB_UNIT_MAX  (64u << 20) /* bytes of a unit that must be whole                  */
#define RFB_AUDIO_MAX (1u << 20)  /* bytes of sound in one message: seconds               */
#define RFB_PART_MIN  (64u << 10) /* Raw rectangles above this need not be                */
#define RFB_CUT_MAX   (1u << 20)  /* cut text above this is skipped: QEMU closes at more  */

typedef enum {
	RFB_UNIT_MESSAGE, /* a message, but for FramebufferUpdate                           */
	RFB_UNIT_UPDATE,  /* the 4 bytes in front of the rectangles                         */
	RFB_UNIT_RECT,    /* a rectangle, with its header                                   */
	RFB_UNIT_PART,    /* a piece of a rectangle; its header is in the first             */
	RFB_UNIT_SKIP,    /* a piece of a cut text that is too long: not to be passed on    */
} RfbUnitKind;

typedef struct {
	gsize length; /* bytes, from the start that was given */
	RfbUnitKind kind;
	gint32 type;        /* number of the message, or encoding of the rectangle               */
	guint16 x, y, w, h; /* of a rectangle; of a PART only when `first`                  */
	gint8 stream;   /* zlib stream that it belongs to: 0 to 3 Tight, 4 ZRLE, 5 zlib; or -1 */
	gboolean first; /* PART or SKIP: the beginning of it                                */
	gboolean last;  /* UPDATE, RECT or PART: the update ends here                       */
} RfbUnit;

typedef enum {
	RFB_SCAN_MORE,  /* no unit ends in these bytes       */
	RFB_SCAN_UNIT,  /* *unit is filled                   */
	RFB_SCAN_FAULT, /* framing is lost for good          */
} RfbScan;

typedef enum { RFB_PASS_NOTHING, RFB_PASS_PIXELS, RFB_PASS_TILES, RFB_PASS_SKIP } RfbPass;

/* Where one direction of a connection stands. */
typedef struct {
	gsize want;     /* no unit ends before so many bytes                               */
	guint64 left;   /* of what is passed in parts (PIXELS, SKIP)                       */
	guint32 rects;  /* of the open update that have not ended                          */
	guint32 tile_x; /* next tile of a Hextile rectangle, in pixels from its corner     */
	guint32 tile_y;
	guint16 w, h;     /* of a rectangle that is passed in parts                          */
	RfbPixels pixels; /* of the open update                                              */
	RfbPixels next;   /* of the updates after it: set when a SetPixelFormat has gone out */
	guint8 pass;      /* RfbPass                                                         */
} RfbUnits;

/* Starts in the canonical pixel format. */
void rfb_units_init(RfbUnits *units);

/* TRUE for a unit of the viewer, with its bytes, that says what a key or the pointer does. */
static inline gboolean rfb_units_is_input(const RfbUnit *unit, const guint8 *bytes)
{
	return unit->kind == RFB_UNIT_MESSAGE &&
	       (unit->type == RFB_KEY_EVENT || unit->type == RFB_POINTER_EVENT ||
		(unit->type == RFB_QEMU && bytes[1] == RFB_QEMU_KEY));
}

/* TRUE if the last unit ended its message: something else may be said before the next. */
static inline gboolean rfb_units_between(const RfbUnits *units)
{
	return units->rects == 0 && units->pass == RFB_PASS_NOTHING;
}

/*
 * The unit at the front of these n bytes. After RFB_SCAN_UNIT the next call is given what follows
 * the unit's length; after RFB_SCAN_MORE the same front with more behind it.
 * FAULT_DESKTOP or FAULT_CLIENT: something unknown or larger than its bound.
 */
RfbScan rfb_units_from_desktop(RfbUnits *units, const guint8 *bytes, gsize n, RfbUnit *unit,
			       GError **error);
RfbScan rfb_units_from_client(RfbUnits *units, const guint8 *bytes, gsize n, RfbUnit *unit,
			      GError **error);
