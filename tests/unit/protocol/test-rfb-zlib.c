/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real inflater takes what two real deflaters have made, the second one's beginning stripped. */
#include "rfb/rfb_zlib.h"

#include <string.h>
#include <zlib.h>

typedef struct {
	gint32 type;
	const char *head; /* between the rectangle's header and the length */
	gsize head_n;
	gsize body; /* bytes of pixels: the rectangle's size is made to fit */
} Row;

/* A deflater that has been flushed, as every server's is behind a rectangle. */
static GByteArray *packed(z_stream *z, const guint8 *data, gsize n)
{
	GByteArray *out = g_byte_array_new();

	g_byte_array_set_size(out, (guint)deflateBound(z, n) + 64);
	z->next_in = (guint8 *)data;
	z->avail_in = (uInt)n;
	z->next_out = out->data;
	z->avail_out = out->len;
	g_assert_cmpint(deflate(z, Z_SYNC_FLUSH), ==, Z_OK);
	g_byte_array_set_size(out, (guint)(out->len - z->avail_out));
	return out;
}

static void append_length(GByteArray *to, gint32 type, guint32 n)
{
	guint8 wide[4] = {(guint8)(n >> 24), (guint8)(n >> 16), (guint8)(n >> 8), (guint8)n};
	guint8 compact[3] = {(guint8)(n & 0x7f), (guint8)(n >> 7 & 0x7f), (guint8)(n >> 14)};
	guint size = n < 128 ? 1 : n < 16384 ? 2 : 3;

	if (type != RFB_TIGHT) {
		g_byte_array_append(to, wide, 4);
		return;
	}
	for (guint i = 0; i + 1 < size; i++)
		compact[i] |= 0x80;
	g_byte_array_append(to, compact, size);
}

static GByteArray *rectangle(const Row *row, const GByteArray *data)
{
	guint16 w = row->type == RFB_TIGHT ? (guint16)(row->body / 3) : 1;
	guint8 head[12] = {0, 0, 0, 0, (guint8)(w >> 8), (guint8)w, 0,
			   1, 0, 0, 0, (guint8)row->type};
	GByteArray *out = g_byte_array_new();

	g_byte_array_append(out, head, sizeof head);
	g_byte_array_append(out, (const guint8 *)row->head, (guint)row->head_n);
	append_length(out, row->type, data->len);
	g_byte_array_append(out, data->data, data->len);
	return out;
}

/* Frames it as the gateway does. */
static RfbUnit measure(const GByteArray *rect)
{
	RfbUnits units;
	RfbUnit unit;

	rfb_units_init(&units);
	g_assert_cmpint(rfb_units_from_desktop(&units, (const guint8 *)"\0\0\0\1", 4, &unit, NULL),
			==, RFB_SCAN_UNIT);
	g_assert_cmpint(rfb_units_from_desktop(&units, rect->data, rect->len, &unit, NULL), ==,
			RFB_SCAN_UNIT);
	g_assert_cmpuint(unit.length, ==, rect->len);
	g_assert_cmpint(unit.stream, >=, 0);
	return unit;
}

static void inflate_all(z_stream *z, const guint8 *in, gsize n, const guint8 *expected,
			gsize length)
{
	g_autofree guint8 *out = g_malloc(length + 1);

	z->next_in = (guint8 *)in;
	z->avail_in = (uInt)n;
	z->next_out = out;
	z->avail_out = (uInt)length + 1;
	g_assert_cmpint(inflate(z, Z_SYNC_FLUSH), ==, Z_OK);
	g_assert_cmpmem(out, length + 1 - z->avail_out, expected, length);
}

static void check(gconstpointer data)
{
	static const RfbPixels pixels = {4, 3};
	const Row *row = data;
	gsize fixed = 12 + row->head_n;
	g_autofree guint8 *noise = g_malloc(row->body);
	z_stream in = {0};

	g_assert_cmpint(inflateInit(&in), ==, Z_OK);
	for (gsize i = 0; i < row->body; i++)
		noise[i] = (guint8)((i * 2654435761u) >> 20);
	for (int desktop = 0; desktop < 3; desktop++) {
		z_stream z = {0};

		g_assert_cmpint(deflateInit(&z, 1 + 4 * desktop), ==, Z_OK);
		for (int turn = 0; turn < 2; turn++) {
			g_autoptr(GByteArray) bytes = packed(&z, noise, row->body);
			g_autoptr(GByteArray) rect = rectangle(row, bytes);
			g_autoptr(GByteArray) sent = g_byte_array_new();
			RfbUnit unit = measure(rect);
			gsize drop = desktop > 0 && turn == 0
					     ? rfb_zlib_strip(&unit, pixels, rect->data)
					     : 0;
			gsize now = rect->len - drop, want = bytes->len - (drop ? 2 : 0);

			g_assert_cmpuint(drop > 0, ==, desktop > 0 && turn == 0);
			g_byte_array_append(sent, rect->data + drop, (guint)now);
			unit = measure(sent);
			g_assert_cmpmem(sent->data + 12, row->head_n, row->head, row->head_n);
			g_assert_cmpuint(now - want, <=, fixed + 4);
			inflate_all(&in, sent->data + now - want, want, noise, row->body);
			if (turn == 1)
				g_assert_cmpuint(rfb_zlib_strip(&unit, pixels, sent->data), ==, 0);
		}
		deflateEnd(&z);
	}
	inflateEnd(&in);
}

static void test_resets(void)
{
	guint8 fill[16] = {[12] = 0x85};
	RfbUnit unit = {.kind = RFB_UNIT_RECT, .type = RFB_TIGHT, .length = 16, .stream = -1};

	g_assert_cmpuint(rfb_zlib_take_resets(&unit, fill), ==, 5);
	g_assert_cmpuint(fill[12], ==, 0x80);
	unit.type = RFB_ZRLE;
	fill[12] = 0x85;
	g_assert_cmpuint(rfb_zlib_take_resets(&unit, fill), ==, 0);
	g_assert_cmpuint(fill[12], ==, 0x85);
}

int main(int argc, char **argv)
{
	/* The lengths are chosen so that Tight's compact one has one, two and three bytes, and
	 * shrinks. */
	static const Row rows[] = {
		{RFB_ZRLE, "", 0, 1000},       {RFB_ZLIB, "", 0, 60000},
		{RFB_TIGHT, "\x20", 1, 15},    {RFB_TIGHT, "\0", 1, 117},
		{RFB_TIGHT, "\0", 1, 120},     {RFB_TIGHT, "\x10", 1, 16368},
		{RFB_TIGHT, "\x10", 1, 60000}, {RFB_TIGHT, "\x40\2", 2, 3000},
	};

	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = g_strdup_printf("/rfb-zlib/%d/%u/%u", rows[i].type,
							(unsigned)rows[i].body,
							(unsigned)(guint8)rows[i].head[0]);

		g_test_add_data_func(name, &rows[i], check);
	}
	g_test_add_func("/rfb-zlib/resets", test_resets);
	return g_test_run();
}
