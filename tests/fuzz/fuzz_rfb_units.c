/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first byte chooses the side (bit 0) and the pixel format (bits 1 and 2); the rest is a
 * running connection. It is scanned whole and in small steps: both must find the same ends.
 */
#include "rfb/rfb_zlib.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* What is left of a rectangle of a zlib stream is one, too, and as much shorter as was said. */
static void strip(const RfbUnit *unit, RfbPixels pixels, RfbPixels format, const guint8 *bytes)
{
	g_autofree guint8 *copy = g_memdup2(bytes, unit->length);
	gsize drop = rfb_zlib_strip(unit, pixels, copy), left = unit->length - drop;
	RfbUnits units;
	RfbUnit again;

	/* The two bytes, and up to two of a length that was written longer than it had to be. */
	g_assert(drop == 0 || (drop >= 2 && drop <= 4));
	if (drop == 0)
		return;
	rfb_units_init(&units);
	units.next = format;
	g_assert(rfb_units_from_desktop(&units, (const guint8 *)"\0\0\0\1", 4, &again, NULL) ==
		 RFB_SCAN_UNIT);
	g_assert(rfb_units_from_desktop(&units, copy + drop, left, &again, NULL) == RFB_SCAN_UNIT);
	g_assert(again.length == left && again.type == unit->type);
}

/* Counts what ends in these bytes, given in steps; *out_at is where the last whole thing ended. */
static guint64 scan(guint8 choice, const guint8 *data, gsize size, gsize step, gsize *out_at)
{
	static const RfbPixels formats[] = {{4, 3}, {4, 4}, {2, 2}, {1, 1}};
	RfbUnits units;
	gsize at = 0, given = 0;
	guint64 sum = 0;

	rfb_units_init(&units);
	units.next = formats[choice >> 1 & 3];
	*out_at = 0;
	for (;;) {
		g_autoptr(GError) error = NULL;
		RfbUnit unit;
		RfbScan found = choice & 1 ? rfb_units_from_client(&units, data + at, given - at,
								   &unit, &error)
					   : rfb_units_from_desktop(&units, data + at, given - at,
								    &unit, &error);

		g_assert((found == RFB_SCAN_FAULT) == (error != NULL));
		if (found == RFB_SCAN_FAULT)
			return sum;
		if (found == RFB_SCAN_MORE) {
			if (given == size)
				return sum;
			given += MIN(step, size - given);
			continue;
		}
		g_assert(unit.length > 0 && unit.length <= given - at);
		if (unit.stream >= 0)
			strip(&unit, units.pixels, formats[choice >> 1 & 3], data + at);
		at += unit.length;
		if (units.pass == RFB_PASS_NOTHING) {
			*out_at = at;
			sum = sum * 31 + (guint32)unit.type + at + units.rects;
		}
	}
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	gsize whole_at, small_at;
	guint64 whole, small;

	if (size == 0)
		return 0;
	whole = scan(data[0], data + 1, size - 1, size, &whole_at);
	small = scan(data[0], data + 1, size - 1, 1 + data[0] / 8, &small_at);
	g_assert(whole == small && whole_at == small_at);
	return 0;
}
