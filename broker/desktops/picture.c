/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture: see picture.h. The size is made by averaging the pixels that fall into one. */
#include "desktops/picture.h"

#include <png.h>
#include <string.h>

#include "fault.h"

#define SIDE_MAX 8192u

typedef struct {
	unsigned width, height;
	const guint8 *pixels; /* RGB */
} Ppm;

static gboolean wrong(GError **error)
{
	g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop's picture is none");
	return FALSE;
}

/* One number and the white space behind it. */
static gboolean take_number(const guint8 **at, const guint8 *end, unsigned max, unsigned *out)
{
	unsigned number = 0, digits = 0;

	for (; *at < end && g_ascii_isdigit(**at); (*at)++, digits++) {
		number = number * 10 + (unsigned)(**at - '0');
		if (number > max)
			return FALSE;
	}
	if (digits == 0 || number == 0 || *at == end || !g_ascii_isspace(**at))
		return FALSE;
	(*at)++;
	*out = number;
	return TRUE;
}

static gboolean read_head(const void *bytes, gsize n, Ppm *out, GError **error)
{
	const guint8 *at = bytes, *end;
	unsigned depth;

	if (n < 3 || memcmp(at, "P6\n", 3) != 0)
		return wrong(error);
	end = at + n;
	at += 3;
	if (!take_number(&at, end, SIDE_MAX, &out->width) ||
	    !take_number(&at, end, SIDE_MAX, &out->height) || !take_number(&at, end, 255, &depth) ||
	    depth != 255 || (gsize)(end - at) != (gsize)out->width * out->height * 3)
		return wrong(error);
	out->pixels = at;
	return TRUE;
}

static void average(const Ppm *from, unsigned x0, unsigned x1, unsigned y0, unsigned y1, guint8 *to)
{
	unsigned sum[3] = {0}, count = (x1 - x0) * (y1 - y0);

	g_assert(count > 0); /* it only ever shrinks */
	for (unsigned y = y0; y < y1; y++) {
		const guint8 *pixel = from->pixels + ((gsize)y * from->width + x0) * 3;

		for (unsigned x = x0; x < x1; x++, pixel += 3) {
			sum[0] += pixel[0];
			sum[1] += pixel[1];
			sum[2] += pixel[2];
		}
	}
	for (unsigned i = 0; i < 3; i++)
		to[i] = (guint8)(sum[i] / count);
}

static guint8 *shrink(const Ppm *from, unsigned width, unsigned height)
{
	guint8 *to = g_malloc((gsize)width * height * 3);

	for (unsigned y = 0; y < height; y++) {
		unsigned y0 = y * from->height / height, y1 = (y + 1) * from->height / height;

		for (unsigned x = 0; x < width; x++)
			average(from, x * from->width / width, (x + 1) * from->width / width, y0,
				y1, to + ((gsize)y * width + x) * 3);
	}
	return to;
}

static GBytes *write_png(const guint8 *pixels, unsigned width, unsigned height, GError **error)
{
	png_image image = {.version = PNG_IMAGE_VERSION,
			   .width = width,
			   .height = height,
			   .format = PNG_FORMAT_RGB,
			   .flags = PNG_IMAGE_FLAG_FAST};
	png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
	g_autofree guint8 *png = g_malloc(size);

	if (!png_image_write_to_memory(&image, png, &size, 0, pixels, (int)width * 3, NULL)) {
		g_set_error(error, FAULT, FAULT_BUG, "libpng: %s", image.message);
		return NULL;
	}
	return g_bytes_new(png, size);
}

GBytes *picture_from_ppm(const void *bytes, gsize n, GError **error)
{
	g_autofree guint8 *small = NULL;
	unsigned width, height;
	Ppm ppm;

	if (!read_head(bytes, n, &ppm, error))
		return NULL;
	width = MIN(ppm.width, PICTURE_WIDTH);
	height = CLAMP(ppm.height * width / ppm.width, 1, ppm.height);
	/* A screen as high as a tower is shown as high as it is wide. */
	height = MIN(height, PICTURE_WIDTH);
	small = shrink(&ppm, width, height);
	return write_png(small, width, height, error);
}
