/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb: see rfb.h. */
#include "rfb.h"

#include <string.h>

/* bits, depth, big endian, true colour, three maxima, three shifts, padding */
const guint8 rfb_canonical[RFB_PIXEL_FORMAT_SIZE] = {
	32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0,
};

gboolean rfb_pixels_read(const guint8 format[RFB_PIXEL_FORMAT_SIZE], RfbPixels *out)
{
	unsigned bits = format[0];
	gboolean compact;

	if (bits != 8 && bits != 16 && bits != 32)
		return FALSE;
	compact = bits == 32 && format[1] == 24 && format[3] != 0 && rfb_u16(format + 4) == 255 &&
		  rfb_u16(format + 6) == 255 && rfb_u16(format + 8) == 255;
	out->bytes = (guint8)(bits / 8);
	out->tpixel = compact ? 3 : out->bytes;
	return TRUE;
}

/* Three digits, or -1. */
static int digits(const guint8 *b)
{
	int value = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (!g_ascii_isdigit(b[i]))
			return -1;
		value = value * 10 + (b[i] - '0');
	}
	return value;
}

unsigned rfb_version_read(const guint8 bytes[RFB_VERSION_SIZE])
{
	int major, minor;

	if (memcmp(bytes, "RFB ", 4) != 0 || bytes[7] != '.' || bytes[11] != '\n')
		return 0;
	major = digits(bytes + 4);
	minor = digits(bytes + 8);
	if (major < 3 || minor < 0)
		return 0;
	if (major > 3 || minor >= 8)
		return 8;
	return minor == 7 ? 7 : 3;
}

void rfb_version_append(Buffer *out, unsigned minor)
{
	char text[RFB_VERSION_SIZE + 1];

	g_snprintf(text, sizeof text, "RFB 003.%03u\n", minor);
	buffer_append(out, text, RFB_VERSION_SIZE);
}

void rfb_text_append(Buffer *out, const char *text)
{
	gsize n = strlen(text);

	buffer_append_u32be(out, (guint32)n);
	buffer_append(out, text, n);
}
