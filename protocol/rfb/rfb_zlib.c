/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_zlib: see rfb_zlib.h. The unit was measured: the bytes that its parts point to are there. */
#include "rfb_zlib.h"

#include <string.h>

#define RECT_HEADER   12
#define STREAM_HEADER 2

static gboolean begins_stream(const guint8 *b, gsize n)
{
	return n >= STREAM_HEADER && (b[0] & 0x0f) == 8 && (b[0] << 8 | b[1]) % 31 == 0;
}

static gsize strip_counted(const RfbUnit *unit, guint8 *b)
{
	const gsize data = RECT_HEADER + 4;
	guint32 n = (guint32)(unit->length - data);

	if (!begins_stream(b + data, n))
		return 0;
	n -= STREAM_HEADER;
	b[12] = (guint8)(n >> 24);
	b[13] = (guint8)(n >> 16);
	b[14] = (guint8)(n >> 8);
	b[15] = (guint8)n;
	memmove(b + STREAM_HEADER, b, data);
	return STREAM_HEADER;
}

/* Where Tight's length stands: behind the filter and its palette. */
static gsize tight_length_at(RfbPixels pixels, const guint8 *b)
{
	gsize at = RECT_HEADER + 1;

	if (b[RECT_HEADER] >> 4 & 4 && b[at++] == 1)
		at += 1 + (b[at] + 1u) * pixels.tpixel;
	return at;
}

static gsize compact(guint32 n, guint8 out[3])
{
	out[0] = (guint8)(n & 0x7f);
	out[1] = (guint8)(n >> 7 & 0x7f);
	out[2] = (guint8)(n >> 14);
	if (n < 1 << 7)
		return 1;
	out[0] |= 0x80;
	if (n < 1 << 14)
		return 2;
	out[1] |= 0x80;
	return 3;
}

static gsize strip_tight(const RfbUnit *unit, RfbPixels pixels, guint8 *b)
{
	gsize at = tight_length_at(pixels, b), data = at, size;
	guint8 length[3];

	while (data - at < 2 && b[data] & 0x80)
		data++;
	data++;
	if (!begins_stream(b + data, unit->length - data))
		return 0;
	data += STREAM_HEADER;
	size = compact((guint32)(unit->length - data), length);
	memmove(b + data - size - at, b, at);
	memcpy(b + data - size, length, size);
	return data - size - at;
}

gsize rfb_zlib_strip(const RfbUnit *unit, RfbPixels pixels, guint8 *b)
{
	gboolean tight = unit->type == RFB_TIGHT || unit->type == RFB_TIGHT_PNG;

	return tight ? strip_tight(unit, pixels, b) : strip_counted(unit, b);
}

unsigned rfb_zlib_take_resets(const RfbUnit *unit, guint8 *b)
{
	unsigned resets;

	if (unit->kind != RFB_UNIT_RECT || (unit->type != RFB_TIGHT && unit->type != RFB_TIGHT_PNG))
		return 0;
	resets = b[RECT_HEADER] & 0x0f;
	b[RECT_HEADER] &= 0xf0;
	return resets;
}
