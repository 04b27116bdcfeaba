/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_units: see rfb_units.h. The measure_*() functions all answer alike: how long the unit is, or
 * how many bytes must be there before more can be said (then always more than there are now), or
 * 0 for what cannot be framed. So "the bytes reach" means "it is whole", and nothing else does.
 */
#include "rfb_units.h"

#include "fault.h"

#define RECT_HEADER  12
#define TIGHT_NO_LEN 12 /* a Tight body below this many bytes is neither packed nor counted */
#define FENCE_MAX    64

void rfb_units_init(RfbUnits *units)
{
	*units = (RfbUnits){.pixels = {4, 3}, .next = {4, 3}};
}

static RfbScan more(RfbUnits *units, gsize want)
{
	units->want = want;
	return RFB_SCAN_MORE;
}

/* What was measured is a unit if the bytes reach. */
static RfbScan settle(RfbUnits *units, gsize n, guint64 measured, RfbUnit *unit)
{
	if (measured == 0 || measured > RFB_UNIT_MAX)
		return RFB_SCAN_FAULT;
	if (n < measured)
		return more(units, measured);
	unit->length = measured;
	return RFB_SCAN_UNIT;
}

static void rectangle_done(RfbUnits *units, RfbUnit *unit)
{
	/* LastRect ends an update whatever its count was. */
	if (unit->type == RFB_LAST_RECT)
		units->rects = 0;
	else
		units->rects--;
	unit->last = units->rects == 0;
}

/* Tight's length of one to three bytes at `at`, and what it counts. */
static guint64 measure_compact(const guint8 *b, gsize n, gsize at)
{
	guint32 length = 0;

	for (unsigned i = 0;; i++, at++) {
		if (n <= at)
			return at + 1;
		length |= (guint32)(i < 2 ? b[at] & 0x7f : b[at]) << 7 * i;
		if (i == 2 || !(b[at] & 0x80))
			return (guint64)at + 1 + length;
	}
}

static guint64 measure_tight(RfbPixels pixels, const guint8 *b, gsize n, RfbUnit *unit)
{
	gsize at = RECT_HEADER + 1;
	gboolean png = unit->type == RFB_TIGHT_PNG, packed = TRUE;
	unsigned control;
	guint64 row = (guint64)unit->w * pixels.tpixel;

	if (n < at)
		return at;
	control = b[at - 1] >> 4;
	if (control == 8) /* fill */
		return at + pixels.tpixel;
	if (control == 9 || (control == 10 && png)) /* JPEG, PNG */
		return measure_compact(b, n, at);
	if (control > 7) {
		/* Basic without zlib, as TurboVNC and libvncserver send at level 0. */
		if (png || (control & 10) != 10)
			return 0;
		packed = FALSE;
	}
	if (control & 4) {
		if (n < at + 1)
			return at + 1;
		switch (b[at++]) {
		case 0: break; /* copy */
		case 2: break; /* gradient */
		case 1:        /* palette */
			if (n < at + 1)
				return at + 1;
			row = b[at] < 2 ? (unit->w + 7) / 8 : unit->w;
			at += 1 + (b[at] + 1u) * pixels.tpixel;
			break;
		default: return 0;
		}
	}
	if (row * unit->h < TIGHT_NO_LEN)
		return at + row * unit->h;
	if (packed)
		unit->stream = (gint8)(control & 3);
	return measure_compact(b, n, at);
}

/* A U32 count at `at` of things of `each` bytes, that begin at `body`. */
static guint64 measure_counted(const guint8 *b, gsize n, gsize at, gsize body, gsize each)
{
	if (n < at + 4)
		return at + 4;
	return body + (guint64)rfb_u32(b + at) * each;
}

static guint64 measure_vmware_cursor(RfbPixels pixels, const guint8 *b, gsize n, guint64 area)
{
	if (n < RECT_HEADER + 2)
		return RECT_HEADER + 2;
	if (b[RECT_HEADER] > 1)
		return 0;
	return RECT_HEADER + 2 + area * (b[RECT_HEADER] == 0 ? 2u * pixels.bytes : 4u);
}

/* Any rectangle but Hextile. */
static guint64 measure_rectangle(RfbPixels pixels, const guint8 *b, gsize n, RfbUnit *unit)
{
	const gsize at = RECT_HEADER, bpp = pixels.bytes;
	guint64 area = (guint64)unit->w * unit->h, mask = (unit->w + 7) / 8 * (guint64)unit->h;

	switch (rfb_shape(unit->type)) {
	case RFB_SHAPE_EMPTY: return at;
	case RFB_SHAPE_ONE: return at + 1;
	case RFB_SHAPE_TWO: return at + 2;
	case RFB_SHAPE_FOUR: return at + 4;
	case RFB_SHAPE_PIXELS: return at + area * bpp;
	case RFB_SHAPE_RRE: return measure_counted(b, n, at, at + 4 + bpp, bpp + 8);
	case RFB_SHAPE_CORRE: return measure_counted(b, n, at, at + 4 + bpp, bpp + 4);
	case RFB_SHAPE_COUNTED:
		unit->stream = unit->type == RFB_DESKTOP_NAME ? -1 : unit->type == RFB_ZLIB ? 5 : 4;
		return measure_counted(b, n, at, at + 4, 1);
	case RFB_SHAPE_VIDEO: return measure_counted(b, n, at, at + 8, 1);
	case RFB_SHAPE_TIGHT: return measure_tight(pixels, b, n, unit);
	case RFB_SHAPE_CURSOR: return at + area * bpp + mask;
	case RFB_SHAPE_XCURSOR: return area == 0 ? at : at + 6 + 2 * mask;
	case RFB_SHAPE_CURSOR_ALPHA:
		if (n < at + 4)
			return at + 4;
		return rfb_u32(b + at) == RFB_RAW ? at + 4 + area * 4 : 0;
	case RFB_SHAPE_VMWARE_CURSOR: return measure_vmware_cursor(pixels, b, n, area);
	case RFB_SHAPE_SCREENS:
		if (n < at + 4)
			return at + 4;
		return at + 4 + 16 * (gsize)b[at];
	case RFB_SHAPE_TILES:
	case RFB_SHAPE_UNKNOWN: break;
	}
	return 0;
}

/* Steps over the whole tiles of a Hextile rectangle; *out_n is what they take. FALSE if a tile is
 * none. The rectangle has ended when tile_y has reached its height. */
static gboolean tiles_walk(RfbUnits *units, const guint8 *b, gsize n, gsize *out_n)
{
	enum { RAW = 1, BACKGROUND = 2, FOREGROUND = 4, SUBRECTS = 8, COLOURED = 16 };
	const gsize bpp = units->pixels.bytes;
	gsize at = 0;

	while (units->tile_y < units->h && at < n) {
		gsize size = 1;
		guint8 sub = b[at];

		if (sub >= 2 * COLOURED)
			return FALSE;
		if (sub & RAW) {
			size += MIN(16, units->w - units->tile_x) *
				MIN(16, units->h - units->tile_y) * bpp;
		} else {
			size += (sub & BACKGROUND ? bpp : 0) + (sub & FOREGROUND ? bpp : 0);
			if (sub & SUBRECTS) {
				if (n - at <= size)
					break;
				size += 1 + b[at + size] * (2 + (sub & COLOURED ? bpp : 0));
			}
		}
		if (n - at < size)
			break;
		at += size;
		units->tile_x += 16;
		if (units->tile_x >= units->w) {
			units->tile_x = 0;
			units->tile_y += 16;
		}
	}
	*out_n = at;
	return TRUE;
}

/* What a rectangle that is passed in parts has here. */
static RfbScan pass_on(RfbUnits *units, const guint8 *b, gsize n, RfbUnit *unit)
{
	gboolean done;

	if (units->pass == RFB_PASS_TILES) {
		unit->type = RFB_HEXTILE;
		if (!tiles_walk(units, b, n, &unit->length))
			return RFB_SCAN_FAULT;
		if (unit->length == 0)
			return more(units, n + 1);
		done = units->tile_y >= units->h;
	} else {
		unit->length = MIN(n, units->left);
		if (units->pass == RFB_PASS_PIXELS)
			unit->type = RFB_RAW;
		units->left -= unit->length;
		done = units->left == 0;
	}
	unit->kind = units->pass == RFB_PASS_SKIP ? RFB_UNIT_SKIP : RFB_UNIT_PART;
	if (done && units->pass != RFB_PASS_SKIP)
		rectangle_done(units, unit);
	if (done)
		units->pass = RFB_PASS_NOTHING;
	return RFB_SCAN_UNIT;
}

/* The header of a Hextile or large Raw rectangle, and what is there of its body. */
static RfbScan begin_parts(RfbUnits *units, RfbPass pass, const guint8 *b, gsize n, RfbUnit *unit)
{
	RfbScan scan;

	if (n == RECT_HEADER)
		return more(units, RECT_HEADER + 1);
	units->pass = (guint8)pass;
	units->w = unit->w;
	units->h = unit->h;
	units->tile_x = units->tile_y = 0;
	scan = pass_on(units, b + RECT_HEADER, n - RECT_HEADER, unit);
	if (scan == RFB_SCAN_UNIT) {
		unit->length += RECT_HEADER;
		unit->first = TRUE;
		if (units->pass == RFB_PASS_NOTHING)
			unit->kind = RFB_UNIT_RECT;
	} else if (scan == RFB_SCAN_MORE) {
		/* Not even one tile: the header has to come again. */
		units->pass = RFB_PASS_NOTHING;
		units->want = n + 1;
	}
	return scan;
}

static RfbScan rectangle(RfbUnits *units, const guint8 *b, gsize n, RfbUnit *unit)
{
	guint64 measured;
	RfbScan scan;

	if (n < RECT_HEADER)
		return more(units, RECT_HEADER);
	unit->kind = RFB_UNIT_RECT;
	unit->x = rfb_u16(b);
	unit->y = rfb_u16(b + 2);
	unit->w = rfb_u16(b + 4);
	unit->h = rfb_u16(b + 6);
	unit->type = (gint32)rfb_u32(b + 8);

	if (unit->type == RFB_HEXTILE && unit->w > 0 && unit->h > 0)
		return begin_parts(units, RFB_PASS_TILES, b, n, unit);
	measured = unit->type == RFB_HEXTILE ? RECT_HEADER
					     : measure_rectangle(units->pixels, b, n, unit);
	if (unit->type == RFB_RAW && measured > RFB_PART_MIN && n < measured) {
		units->left = measured - RECT_HEADER;
		return begin_parts(units, RFB_PASS_PIXELS, b, n, unit);
	}
	scan = settle(units, n, measured, unit);
	if (scan == RFB_SCAN_UNIT)
		rectangle_done(units, unit);
	return scan;
}

/* Cut text, either way: a negative length is the extended clipboard's. */
static guint64 measure_cut_text(const guint8 *b, gsize n)
{
	guint32 length;

	if (n < 8)
		return 8;
	length = rfb_u32(b + 4);
	return 8 + (guint64)(length > G_MAXINT32 ? 0u - length : length);
}

static guint64 measure_fence(const guint8 *b, gsize n)
{
	if (n < 9)
		return 9;
	return b[8] <= FENCE_MAX ? 9u + b[8] : 0;
}

/* QEMU's audio: begin and end, or data. */
static guint64 measure_audio(const guint8 *b, gsize n)
{
	if (n < 4)
		return n < 2 ? 2 : b[1] == RFB_QEMU_AUDIO ? 4 : 0;
	if (b[1] != RFB_QEMU_AUDIO || rfb_u16(b + 2) > 2)
		return 0;
	if (rfb_u16(b + 2) < 2)
		return 4;
	if (n >= 8 && rfb_u32(b + 4) > RFB_AUDIO_MAX)
		return 0;
	return measure_counted(b, n, 4, 8, 1);
}

static guint64 measure_desktop_message(const guint8 *b, gsize n)
{
	switch (b[0]) {
	case RFB_FRAMEBUFFER_UPDATE: return 4;
	case RFB_COLOUR_MAP: return n < 6 ? 6 : 6 + 6 * (guint64)rfb_u16(b + 4);
	case RFB_BELL: return 1;
	case RFB_SERVER_CUT_TEXT: return measure_cut_text(b, n);
	case RFB_CONTINUOUS_UPDATES: return 1;
	case RFB_FENCE: return measure_fence(b, n);
	case RFB_XVP: return 4;
	case RFB_QEMU: return measure_audio(b, n);
	default: return 0;
	}
}

static guint64 measure_client_qemu(const guint8 *b, gsize n)
{
	if (n < 2)
		return 2;
	if (b[1] == RFB_QEMU_KEY)
		return 12;
	if (b[1] != RFB_QEMU_AUDIO)
		return 0;
	if (n < 4)
		return 4;
	return rfb_u16(b + 2) < 2 ? 4 : rfb_u16(b + 2) == 2 ? 10 : 0;
}

static guint64 measure_client_message(const guint8 *b, gsize n)
{
	switch (b[0]) {
	case RFB_SET_PIXEL_FORMAT: return 20;
	case RFB_SET_ENCODINGS: return n < 4 ? 4 : 4 + 4 * (guint64)rfb_u16(b + 2);
	case RFB_UPDATE_REQUEST: return 10;
	case RFB_KEY_EVENT: return 8;
	case RFB_POINTER_EVENT: return 6;
	case RFB_CLIENT_CUT_TEXT: return measure_cut_text(b, n);
	case RFB_CONTINUOUS_UPDATES: return 10;
	case RFB_FENCE: return measure_fence(b, n);
	case RFB_XVP: return 4;
	case RFB_SET_DESKTOP_SIZE: return n < 8 ? 8 : 8 + 16 * (guint64)b[6];
	case RFB_QEMU: return measure_client_qemu(b, n);
	default: return 0;
	}
}

/* A message of either side that was measured. */
static RfbScan message(RfbUnits *units, const guint8 *b, gsize n, guint64 measured, RfbUnit *unit)
{
	RfbScan scan;

	unit->kind = RFB_UNIT_MESSAGE;
	unit->type = b[0];
	/* RFB_SERVER_CUT_TEXT and RFB_CLIENT_CUT_TEXT mean something else the other way round, but
	 * nothing that could be so long. */
	if (measured > RFB_CUT_MAX && n >= 8 &&
	    (b[0] == RFB_SERVER_CUT_TEXT || b[0] == RFB_CLIENT_CUT_TEXT)) {
		units->left = measured;
		units->pass = RFB_PASS_SKIP;
		scan = pass_on(units, b, n, unit);
		unit->first = TRUE;
		return scan;
	}
	return settle(units, n, measured, unit);
}

/* The part of both directions that is alike: not enough bytes, or more of what is being passed. */
static gboolean scan_early(RfbUnits *units, const guint8 *b, gsize n, RfbUnit *unit, RfbScan *out)
{
	if (n < units->want || n == 0) {
		*out = RFB_SCAN_MORE;
		return TRUE;
	}
	units->want = 0;
	*unit = (RfbUnit){.stream = -1};
	if (units->pass == RFB_PASS_NOTHING)
		return FALSE;
	*out = pass_on(units, b, n, unit);
	return TRUE;
}

RfbScan rfb_units_from_desktop(RfbUnits *units, const guint8 *b, gsize n, RfbUnit *unit,
			       GError **error)
{
	RfbScan scan;
	gboolean in_update = units->rects > 0;

	if (!scan_early(units, b, n, unit, &scan)) {
		if (in_update)
			scan = rectangle(units, b, n, unit);
		else
			scan = message(units, b, n, measure_desktop_message(b, n), unit);
		if (scan == RFB_SCAN_UNIT && !in_update && unit->type == RFB_FRAMEBUFFER_UPDATE &&
		    unit->kind == RFB_UNIT_MESSAGE) {
			unit->kind = RFB_UNIT_UPDATE;
			units->pixels = units->next;
			units->rects = rfb_u16(b + 2);
			unit->last = units->rects == 0;
		}
	}
	if (scan == RFB_SCAN_FAULT)
		g_set_error(error, FAULT, FAULT_DESKTOP,
			    "the desktop sent %s %d that is unknown or too large",
			    in_update ? "a rectangle of encoding" : "a message of type",
			    unit->type);
	return scan;
}

RfbScan rfb_units_from_client(RfbUnits *units, const guint8 *b, gsize n, RfbUnit *unit,
			      GError **error)
{
	RfbScan scan;

	if (!scan_early(units, b, n, unit, &scan))
		scan = message(units, b, n, measure_client_message(b, n), unit);
	if (scan == RFB_SCAN_FAULT)
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "the viewer sent a message of type %d that is unknown or too large",
			    unit->type);
	return scan;
}
