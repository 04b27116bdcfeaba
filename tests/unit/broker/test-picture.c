/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What QEMU says is a screen becomes a small picture, or nothing. */
#include "desktops/picture.h"

#include <png.h>
#include <string.h>

#include "fault.h"

static GBytes *small(const char *head, gsize pixels, GError **error)
{
	g_autoptr(GByteArray) ppm = g_byte_array_new();

	g_byte_array_append(ppm, (const guint8 *)head, (guint)strlen(head));
	for (gsize i = 0; i < pixels; i++)
		g_byte_array_append(ppm, (const guint8 *)(i % 2 ? "\xff\x00\x80" : "\x01\x00\x80"),
				    3);
	return picture_from_ppm(ppm->data, ppm->len, error);
}

static void expect(const char *head, gsize pixels, unsigned width, unsigned height)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) png = small(head, pixels, &error);
	png_image image = {.version = PNG_IMAGE_VERSION};
	g_autofree guint8 *back = NULL;

	g_assert_no_error(error);
	g_assert_true(png_image_begin_read_from_memory(&image, g_bytes_get_data(png, NULL),
						       g_bytes_get_size(png)));
	g_assert_cmpuint(image.width, ==, width);
	g_assert_cmpuint(image.height, ==, height);
	image.format = PNG_FORMAT_RGB;
	back = g_malloc(PNG_IMAGE_SIZE(image));
	g_assert_true(png_image_finish_read(&image, NULL, back, 0, NULL));
	g_assert_cmpuint(back[2], ==, 0x80);
	/* Two in one: their average. */
	if (pixels == 640 * 400)
		g_assert_cmpuint(back[0], ==, 0x80);
}

static void test_sizes(void)
{
	expect("P6\n2 1\n255\n", 2, 2, 1);
	expect("P6\n320 200\n255\n", 320 * 200, 320, 200);
	expect("P6\n640 400\n255\n", 640 * 400, 320, 200);
	expect("P6\n1024 768\n255\n", 1024 * 768, 320, 240);
	expect("P6\n4000 1\n255\n", 4000, 320, 1);
	expect("P6\n1 4000\n255\n", 4000, 1, 320);
}

static void test_refused(void)
{
	static const struct {
		const char *head;
		gsize pixels;
	} cases[] = {
		{"", 0},
		{"P6\n", 0},
		{"P5\n2 1\n255\n", 2},
		{"P6\n2 1\n255\n", 1},
		{"P6\n2 1\n255\n", 3},
		{"P6\n2 1\n65535\n", 2},
		{"P6\n0 1\n255\n", 0},
		{"P6\n-2 1\n255\n", 2},
		{"P6\n99999 99999\n255\n", 2},
		{"P6\n4294967298 1\n255\n", 2},
		{"P6\n8192 8192\n255\n", 2},
		{"P6\n2 1\n255", 0},
		{"P6\n# comment\n2 1\n255\n", 2},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(small(cases[i].head, cases[i].pixels, &error));
		g_assert_error(error, FAULT, FAULT_DESKTOP);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/picture/sizes", test_sizes);
	g_test_add_func("/picture/refused", test_refused);
	return g_test_run();
}
