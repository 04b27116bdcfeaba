/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rfb/rfb_units.h"

#include "fault.h"
#include "transcript.h"

/* A message of the wire a line, in pieces that mean something. */
/* clang-format off */

typedef RfbScan (*Scan)(RfbUnits *, const guint8 *, gsize, RfbUnit *, GError **);

typedef struct {
	Scan scan;
	RfbPixels pixels;
} Side;

static const Side desktop = {rfb_units_from_desktop, {4, 3}},
	desktop16 = {rfb_units_from_desktop, {2, 2}}, viewer = {rfb_units_from_client, {4, 3}};

/* A whole thing as text; pieces of one are counted together. */
static void say(GString *said, const RfbUnits *units, const RfbUnit *unit, guint64 *parts)
{
	switch (unit->kind) {
	case RFB_UNIT_MESSAGE:
		g_string_append_printf(said, "m%d/%zu", unit->type, unit->length);
		break;
	case RFB_UNIT_UPDATE: g_string_append_printf(said, "u%u", units->rects); break;
	case RFB_UNIT_RECT:
		g_string_append_printf(said, "r%d/%zu", unit->type, unit->length);
		if (unit->stream >= 0)
			g_string_append_printf(said, "z%d", unit->stream);
		break;
	case RFB_UNIT_PART:
	case RFB_UNIT_SKIP:
		g_assert_cmpint(unit->first, ==, *parts == 0);
		*parts += unit->length;
		if (units->pass != RFB_PASS_NOTHING)
			return;
		if (unit->kind == RFB_UNIT_SKIP)
			g_string_append(said, "skip");
		else
			g_string_append_printf(said, "r%d", unit->type);
		g_string_append_printf(said, "/%" G_GUINT64_FORMAT, *parts);
		*parts = 0;
		break;
	}
	g_string_append(said, unit->last ? "! " : " ");
}

static char *run(const Piece *pieces, gsize n_pieces, gconstpointer data)
{
	const Side *side = data;
	GString *said = g_string_new(NULL);
	Buffer in = {0};
	RfbUnits units;
	RfbUnit unit;
	guint64 parts = 0;
	RfbScan scan = RFB_SCAN_MORE;
	g_autoptr(GError) error = NULL;

	rfb_units_init(&units);
	units.next = side->pixels;
	for (gsize i = 0; i < n_pieces && scan != RFB_SCAN_FAULT; i++) {
		buffer_append(&in, pieces[i].bytes, pieces[i].n);
		while (buffer_length(&in) > 0) {
			/* A copy of its own, so that a sanitizer sees a read past the end. */
			g_autofree guint8 *copy = g_memdup2(buffer_bytes(&in), buffer_length(&in));

			scan = side->scan(&units, copy, buffer_length(&in), &unit, &error);
			if (scan != RFB_SCAN_UNIT)
				break;
			g_assert_cmpuint(unit.length, >, 0);
			say(said, &units, &unit, &parts);
			buffer_consume(&in, unit.length);
		}
	}
	if (scan == RFB_SCAN_FAULT) {
		Fault whose = side->scan == rfb_units_from_client ? FAULT_CLIENT : FAULT_DESKTOP;

		g_assert_error(error, FAULT, (int)whose);
		g_string_append(said, "fault");
	} else if (buffer_length(&in) > 0) {
		g_string_append(said, "more");
	}
	buffer_clear(&in);
	return g_string_free(said, FALSE);
}

/* Bytes as hex, spaces ignored; "*N" repeats the byte before it, so that there are N of it. */
static GByteArray *bytes_of(const char *hex)
{
	GByteArray *bytes = g_byte_array_new();

	while (*hex != '\0') {
		guint8 byte;

		if (*hex == ' ') {
			hex++;
		} else if (*hex == '*') {
			guint64 n = g_ascii_strtoull(hex + 1, (char **)&hex, 10);

			byte = bytes->data[bytes->len - 1];
			while (n-- > 1)
				g_byte_array_append(bytes, &byte, 1);
		} else {
			byte = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 |
					g_ascii_xdigit_value(hex[1]));
			g_byte_array_append(bytes, &byte, 1);
			hex += 2;
		}
	}
	return bytes;
}

static void check(const Side *side, const char *hex, const char *expected)
{
	g_autoptr(GByteArray) bytes = bytes_of(hex);

	transcript_check(bytes->data, bytes->len, run, side, expected);
}

/* One update with one rectangle of w x h; `body` follows its header. A bell behind it proves that
 * the end was found. */
static void check_rect(const Side *side, gint32 encoding, unsigned w, unsigned h, const char *body,
	const char *expected)
{
	g_autofree char *hex = g_strdup_printf("00000001 00000000%04x%04x%08x %s 02", w, h,
		(guint32)encoding, body);
	g_autofree char *text = g_strdup_printf("u1 %s", expected);

	check(side, hex, text);
}

static void test_desktop_messages(void)
{
	check(&desktop, "00000000 02 00ff0000 02", "u0! m2/1 u0! m2/1 ");
	check(&desktop, "0100 0000 0002 01*12 02", "m1/18 m2/1 ");
	check(&desktop, "03000000 00000003 616263 02", "m3/11 m2/1 ");
	check(&desktop, "03000000 fffffffc 01000000 02", "m3/12 m2/1 ");
	check(&desktop, "96 f8000000 00000001 02 aabb fa000101 02", "m150/1 m248/11 m250/4 m2/1 ");
	check(&desktop, "ff010001 ff010000 ff010002 00000002 aabb 02",
		"m255/4 m255/4 m255/10 m2/1 ");
}

static void test_desktop_faults(void)
{
	check(&desktop, "04", "fault");
	check(&desktop, "fd000000", "fault"); /* gii */
	check(&desktop, "ff02", "fault");
	check(&desktop, "ff010003", "fault");
	check(&desktop, "f8000000 00000001 41", "fault");
	check(&desktop, "ff010002 7fffffff", "fault");
	check(&desktop, "ff010002 00100001", "fault");
	check_rect(&desktop, 3, 1, 1, "", "fault");
	check_rect(&desktop, 21, 1, 1, "", "fault");
	check_rect(&desktop, 15, 1, 1, "", "fault");
	check_rect(&desktop, 0x574d5669, 1, 1, "", "fault");
	check_rect(&desktop, RFB_ZRLE, 1, 1, "7fffffff", "fault");
	check_rect(&desktop, RFB_RRE, 1, 1, "ffffffff", "fault");
	check_rect(&desktop, RFB_HEXTILE, 16, 16, "20", "fault");
	check_rect(&desktop, RFB_TIGHT, 16, 16, "c0", "fault");
	check_rect(&desktop, RFB_TIGHT_PNG, 16, 16, "b0", "fault");
	check_rect(&desktop, RFB_TIGHT, 16, 16, "4003", "fault");
	check_rect(&desktop, RFB_CURSOR_ALPHA, 1, 1, "00000007", "fault");
	check_rect(&desktop, RFB_VMWARE_CURSOR, 1, 1, "0200", "fault");
}

static void test_simple_rectangles(void)
{
	check_rect(&desktop, RFB_RAW, 3, 2, "aa*24", "r0/36! m2/1 ");
	check_rect(&desktop16, RFB_RAW, 3, 2, "aa*12", "r0/24! m2/1 ");
	check_rect(&desktop, RFB_RAW, 0, 2, "", "r0/12! m2/1 ");
	check_rect(&desktop, RFB_COPY_RECT, 3, 2, "00010002", "r1/16! m2/1 ");
	check_rect(&desktop, RFB_RRE, 3, 2, "00000002 aa*28", "r2/44! m2/1 ");
	check_rect(&desktop16, RFB_CORRE, 3, 2, "00000002 aa*14", "r4/30! m2/1 ");
	check_rect(&desktop, RFB_ZLIB, 3, 2, "00000003 aa*3", "r6/19z5! m2/1 ");
	check_rect(&desktop, RFB_ZRLE, 3, 2, "00000003 aa*3", "r16/19z4! m2/1 ");
	check_rect(&desktop, RFB_ZYWRLE, 3, 2, "00000000", "r17/16z4! m2/1 ");
	check_rect(&desktop, RFB_H264, 3, 2, "00000003 00000001 aa*3", "r50/23! m2/1 ");
}

static void test_pseudo_rectangles(void)
{
	check_rect(&desktop, RFB_CURSOR, 9, 2, "aa*76", "r-239/88! m2/1 ");
	check_rect(&desktop, RFB_CURSOR, 0, 0, "", "r-239/12! m2/1 ");
	check_rect(&desktop, RFB_XCURSOR, 9, 2, "aa*14", "r-240/26! m2/1 ");
	check_rect(&desktop, RFB_XCURSOR, 0, 0, "", "r-240/12! m2/1 ");
	check_rect(&desktop, RFB_CURSOR_ALPHA, 2, 2, "00000000 aa*16", "r-314/32! m2/1 ");
	check_rect(&desktop16, RFB_VMWARE_CURSOR, 2, 2, "0000 aa*16", "r1464686180/30! m2/1 ");
	check_rect(&desktop16, RFB_VMWARE_CURSOR, 2, 1, "0100 aa*8", "r1464686180/22! m2/1 ");
	check_rect(&desktop, RFB_VMWARE_CURSOR_STATE, 0, 0, "aaaa", "r1464686181/14! m2/1 ");
	check_rect(&desktop, RFB_VMWARE_CURSOR_POSITION, 0, 0, "", "r1464686182/12! m2/1 ");
	check_rect(&desktop, RFB_VMWARE_LED_STATE, 0, 0, "aa*4", "r1464686184/16! m2/1 ");
	check_rect(&desktop, RFB_DESKTOP_SIZE, 9, 9, "", "r-223/12! m2/1 ");
	check_rect(&desktop, RFB_POINTER_POS, 0, 0, "", "r-232/12! m2/1 ");
	check_rect(&desktop, RFB_QEMU_POINTER, 9, 9, "", "r-257/12! m2/1 ");
	check_rect(&desktop, RFB_QEMU_EXT_KEY, 9, 9, "", "r-258/12! m2/1 ");
	check_rect(&desktop, RFB_QEMU_EXT_AUDIO, 9, 9, "", "r-259/12! m2/1 ");
	check_rect(&desktop, RFB_LED_STATE, 0, 0, "07", "r-261/13! m2/1 ");
	check_rect(&desktop, RFB_DESKTOP_NAME, 0, 0, "00000002 6162", "r-307/18! m2/1 ");
	check_rect(&desktop, RFB_EXT_DESKTOP_SIZE, 9, 9, "02000000 aa*32", "r-308/48! m2/1 ");
}

static void test_hextile(void)
{
	/* 17 x 17: tiles of 256, 16, 16 and 1 pixels */
	check_rect(&desktop, RFB_HEXTILE, 17, 17, "01 aa*1024 01 aa*64 00 01 aa*4",
		"r5/1108! m2/1 ");
	check_rect(&desktop, RFB_HEXTILE, 17, 16, "0e aa*8 02 bb*4 1a aa*4 01 bb*6",
		"r5/38! m2/1 ");
	check_rect(&desktop16, RFB_HEXTILE, 16, 32, "1e aa*4 02 bb*8 08 00", "r5/28! m2/1 ");
	check_rect(&desktop, RFB_HEXTILE, 0, 9, "", "r5/12! m2/1 ");
	check_rect(&desktop, RFB_HEXTILE, 9, 0, "", "r5/12! m2/1 ");
}

static void test_tight(void)
{
	check_rect(&desktop, RFB_TIGHT, 9, 9, "80 aabbcc", "r7/16! m2/1 ");
	check_rect(&desktop16, RFB_TIGHT, 9, 9, "8f aabb", "r7/15! m2/1 ");
	check_rect(&desktop, RFB_TIGHT, 9, 9, "90 8101 aa*129", "r7/144! m2/1 ");
	check_rect(&desktop, RFB_TIGHT_PNG, 9, 9, "a0 03 aa*3", "r-260/17! m2/1 ");
	/* plain pixels: below 12 bytes as they are, from there on packed */
	check_rect(&desktop, RFB_TIGHT, 3, 1, "00 aa*9", "r7/22! m2/1 ");
	check_rect(&desktop, RFB_TIGHT, 2, 2, "20 03 aa*3", "r7/17z2! m2/1 ");
	check_rect(&desktop16, RFB_TIGHT, 5, 1, "00 aa*10", "r7/23! m2/1 ");
	check_rect(&desktop, RFB_TIGHT, 9, 9, "30 858000 aa*5", "r7/21z3! m2/1 ");
	/* filters: copy, gradient, two colours (bits), three (bytes) */
	check_rect(&desktop, RFB_TIGHT, 9, 9, "50 00 01 aa", "r7/16z1! m2/1 ");
	check_rect(&desktop, RFB_TIGHT, 9, 9, "70 02 01 aa", "r7/16z3! m2/1 ");
	check_rect(&desktop, RFB_TIGHT, 9, 5, "40 01 01 aa*6 bb*10", "r7/31! m2/1 ");
	check_rect(&desktop, RFB_TIGHT, 9, 6, "40 01 01 aa*6 02 bb*2", "r7/24z0! m2/1 ");
	check_rect(&desktop, RFB_TIGHT, 11, 1, "60 01 02 aa*9 bb*11", "r7/35! m2/1 ");
	check_rect(&desktop, RFB_TIGHT, 12, 1, "60 01 02 aa*9 01 bb", "r7/26z2! m2/1 ");
	/* without zlib */
	check_rect(&desktop, RFB_TIGHT, 2, 2, "a0 0c aa*12", "r7/26! m2/1 ");
	check_rect(&desktop, RFB_TIGHT, 2, 2, "e0 00 0c aa*12", "r7/27! m2/1 ");
}

static void test_updates(void)
{
	/* the last of a counted update, LastRect in an open one, and before its count */
	check(&desktop,
		"00000002 00000000 0001000100000001 aa*4 00000000 0001000100000001 aa*4 02",
		"u2 r1/16 r1/16! m2/1 ");
	check(&desktop,
		"0000ffff 00000000 0001000100000001 aa*4 00000000 00000000 ffffff20 02",
		"u65535 r1/16 r-224/12! m2/1 ");
}

/* Large Raw rectangles pass in parts, whatever the cuts are. */
static void test_parts(void)
{
	g_autoptr(GByteArray) bytes = bytes_of("00000001 00000000 0100 0100 00000000 aa*262144 02");

	for (gsize step = 1; step < bytes->len; step = step * 3 + 1) {
		g_autofree Piece *pieces = g_new(Piece, bytes->len / step + 1);
		g_autofree char *said = NULL;
		gsize n = 0;

		for (gsize at = 0; at < bytes->len; at += step)
			pieces[n++] = (Piece){bytes->data + at, MIN(step, bytes->len - at)};
		said = run(pieces, n, &desktop);
		g_assert_cmpstr(said, ==, "u1 r0/262156! m2/1 ");
	}
}

/* A cut text over the bound is not for passing on, and its end is found. */
static void test_skip(void)
{
	static const struct {
		const Side *side;
		const char *hex, *said;
	} rows[] = {
		{&desktop, "03000000 00100001 61*1048577 02", "skip/1048585 m2/1 "},
		{&viewer, "06000000 ffeffff0 61*1048592 04*8", "skip/1048600 m4/8 "},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) bytes = bytes_of(rows[i].hex);

		for (gsize cut = 1; cut < bytes->len; cut += 99991) {
			Piece halves[] = {{bytes->data, cut}, {bytes->data + cut, bytes->len - cut}};
			g_autofree char *said = run(halves, 2, rows[i].side);

			g_assert_cmpstr(said, ==, rows[i].said);
		}
	}
}

/* A new pixel format counts from the next update on, not inside the open one. */
static void test_pixel_format(void)
{
	g_autoptr(GByteArray) bytes = bytes_of("00000002 00000000 0001000100000000 aa*4 "
					       "00000000 0001000100000000 aa*4 "
					       "00000001 00000000 0001000100000000 aa*2");
	RfbUnits units;
	RfbUnit unit;
	gsize at = 0;
	static const gsize lengths[] = {4, 16, 16, 4, 14};

	rfb_units_init(&units);
	for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_assert_cmpint(rfb_units_from_desktop(&units, bytes->data + at, bytes->len - at,
					&unit, NULL), ==, RFB_SCAN_UNIT);
		g_assert_cmpuint(unit.length, ==, lengths[i]);
		at += unit.length;
		if (i == 1)
			units.next = (RfbPixels){2, 2};
	}
	g_assert_cmpuint(at, ==, bytes->len);
}

static void test_pixels_read(void)
{
	guint8 format[RFB_PIXEL_FORMAT_SIZE];
	RfbPixels pixels;

	g_assert_true(rfb_pixels_read(rfb_canonical, &pixels));
	g_assert_cmpuint(pixels.bytes, ==, 4);
	g_assert_cmpuint(pixels.tpixel, ==, 3);
	memcpy(format, rfb_canonical, sizeof format);
	format[1] = 32;
	g_assert_true(rfb_pixels_read(format, &pixels));
	g_assert_cmpuint(pixels.tpixel, ==, 4);
	format[0] = 16;
	g_assert_true(rfb_pixels_read(format, &pixels));
	g_assert_cmpuint(pixels.bytes, ==, 2);
	g_assert_cmpuint(pixels.tpixel, ==, 2);
	format[0] = 24;
	g_assert_false(rfb_pixels_read(format, &pixels));
}

static void test_client_messages(void)
{
	check(&viewer, "00*20 0200 0002 aa*8 03*10 04*8 05*6 06000000 00000002 6161",
		"m0/20 m2/12 m3/10 m4/8 m5/6 m6/10 ");
	check(&viewer, "06000000 fffffffc 01000000 96*10 f8000000 00000001 01 aa fa000102",
		"m6/12 m150/10 m248/10 m250/4 ");
	check(&viewer, "fb000400 0300 0100 aa*16 ff00*1 aa*10 ff010000 ff010002 aa*6 04*8",
		"m251/24 m255/12 m255/4 m255/10 m4/8 ");
	check(&viewer, "0200", "more");
}

static void test_client_faults(void)
{
	check(&viewer, "01", "fault");
	check(&viewer, "47455420", "fault");
	check(&viewer, "ff02", "fault");
	check(&viewer, "ff010003", "fault");
	check(&viewer, "f8000000 00000001 ff", "fault");
}

static void test_filter(void)
{
	/* what noVNC 1.7 asks for, and a number twice */
	static const gint32 asked[] = {1, 50, 7, -260, 16, 21, 5, 2, 6, 0, -26, -254, -223, -224, -258,
		-261, -308, -309, -312, -313, -307, RFB_EXT_CLIPBOARD, -316, 0x574d5664, -239, 15, 8,
		(gint32)0xfffe0000, 0x574d5669, -305, 7};
	static const gint32 kept[] = {1, 50, 7, -260, 16, 5, 2, 6, 0, -26, -254, -223, -224, -258, -261,
		-308, -309, -307, RFB_EXT_CLIPBOARD, 0x574d5664, -239};
	guint8 list[4 * G_N_ELEMENTS(asked)];
	unsigned n = G_N_ELEMENTS(asked), n_kept = G_N_ELEMENTS(kept), features;

	for (unsigned i = 0; i < n; i++) {
		guint32 wire = GUINT32_TO_BE((guint32)asked[i]);

		memcpy(list + 4 * i, &wire, 4);
	}
	g_assert_cmpuint(rfb_encodings_filter(list, n, &features), ==, n_kept);
	for (unsigned i = 0; i < n_kept; i++)
		g_assert_cmpint((gint32)rfb_u32(list + 4 * (n - n_kept + i)), ==, kept[i]);
	g_assert_cmpuint(features, ==, RFB_FEATURE_EXT_KEY | RFB_FEATURE_XVP | RFB_FEATURE_SIZE |
					       RFB_FEATURE_CLIPBOARD | RFB_FEATURE_FENCE |
					       RFB_FEATURE_CONTINUOUS);
	g_assert_cmpuint(rfb_encodings_filter(list, 0, &features), ==, 0);
	g_assert_cmpuint(features, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rfb-units/desktop-messages", test_desktop_messages);
	g_test_add_func("/rfb-units/desktop-faults", test_desktop_faults);
	g_test_add_func("/rfb-units/simple-rectangles", test_simple_rectangles);
	g_test_add_func("/rfb-units/pseudo-rectangles", test_pseudo_rectangles);
	g_test_add_func("/rfb-units/hextile", test_hextile);
	g_test_add_func("/rfb-units/tight", test_tight);
	g_test_add_func("/rfb-units/updates", test_updates);
	g_test_add_func("/rfb-units/parts", test_parts);
	g_test_add_func("/rfb-units/skip", test_skip);
	g_test_add_func("/rfb-units/pixel-format", test_pixel_format);
	g_test_add_func("/rfb-units/pixels-read", test_pixels_read);
	g_test_add_func("/rfb-units/client-messages", test_client_messages);
	g_test_add_func("/rfb-units/client-faults", test_client_faults);
	g_test_add_func("/rfb-units/filter", test_filter);
	return g_test_run();
}
