/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that a QEMU says is its screen: it becomes a small picture, or there is none. */
#include "desktops/picture.h"

#include <png.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) png = picture_from_ppm(data, size, &error);
	png_image image = {.version = PNG_IMAGE_VERSION};

	g_assert((png == NULL) == (error != NULL));
	if (png == NULL)
		return 0;
	g_assert(png_image_begin_read_from_memory(&image, g_bytes_get_data(png, NULL),
						  g_bytes_get_size(png)));
	g_assert(image.width <= PICTURE_WIDTH && image.height <= PICTURE_WIDTH);
	png_image_free(&image);
	return 0;
}
