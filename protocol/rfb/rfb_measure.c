/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_measure: see rfb_measure.h. All measure_*() answer like those there. */
#include "rfb_measure.h"

#define TIGHT_NO_LEN 12 /* a Tight body below this many bytes is neither packed nor counted */
#define FENCE_MAX    64

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
	gsize at = RFB_RECT_HEADER + 1;
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
	if (n < RFB_RECT_HEADER + 2)
		return RFB_RECT_HEADER + 2;
	if (b[RFB_RECT_HEADER] > 1)
		return 0;
	return RFB_RECT_HEADER + 2 + area * (b[RFB_RECT_HEADER] == 0 ? 2u * pixels.bytes : 4u);
}

guint64 rfb_measure_rectangle(RfbPixels pixels, const guint8 *b, gsize n, RfbUnit *unit)
{
	const gsize at = RFB_RECT_HEADER, bpp = pixels.bytes;
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

guint64 rfb_measure_from_desktop(const guint8 *b, gsize n)
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

guint64 rfb_measure_from_client(const guint8 *b, gsize n)
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
