/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_units: see rfb_units.h. */
#include "rfb_units.h"

#include "fault.h"
#include "rfb_measure.h"

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

	if (n == RFB_RECT_HEADER)
		return more(units, RFB_RECT_HEADER + 1);
	units->pass = (guint8)pass;
	units->w = unit->w;
	units->h = unit->h;
	units->tile_x = units->tile_y = 0;
	scan = pass_on(units, b + RFB_RECT_HEADER, n - RFB_RECT_HEADER, unit);
	if (scan == RFB_SCAN_UNIT) {
		unit->length += RFB_RECT_HEADER;
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

	if (n < RFB_RECT_HEADER)
		return more(units, RFB_RECT_HEADER);
	unit->kind = RFB_UNIT_RECT;
	unit->x = rfb_u16(b);
	unit->y = rfb_u16(b + 2);
	unit->w = rfb_u16(b + 4);
	unit->h = rfb_u16(b + 6);
	unit->type = (gint32)rfb_u32(b + 8);

	if (unit->type == RFB_HEXTILE && unit->w > 0 && unit->h > 0)
		return begin_parts(units, RFB_PASS_TILES, b, n, unit);
	measured = unit->type == RFB_HEXTILE ? RFB_RECT_HEADER
					     : rfb_measure_rectangle(units->pixels, b, n, unit);
	if (unit->type == RFB_RAW && measured > RFB_PART_MIN && n < measured) {
		units->left = measured - RFB_RECT_HEADER;
		return begin_parts(units, RFB_PASS_PIXELS, b, n, unit);
	}
	scan = settle(units, n, measured, unit);
	if (scan == RFB_SCAN_UNIT)
		rectangle_done(units, unit);
	return scan;
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
			scan = message(units, b, n, rfb_measure_from_desktop(b, n), unit);
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
		scan = message(units, b, n, rfb_measure_from_client(b, n), unit);
	if (scan == RFB_SCAN_FAULT)
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "the viewer sent a message of type %d that is unknown or too large",
			    unit->type);
	return scan;
}
