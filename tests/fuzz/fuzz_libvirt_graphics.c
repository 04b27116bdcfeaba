/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The XML of a domain, as a hypervisor tells it: its display is found, and can be written again. */
#include "libvirt/libvirt_graphics.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	static const char *const types[] = {"vnc", "spice"};
	g_autofree char *xml = g_strndup(size > 0 ? (const char *)data : "", size);

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
		LibvirtGraphics graphics = {0};
		g_autoptr(GError) error = NULL;
		g_autofree char *update = NULL;

		if (!libvirt_graphics_find(xml, types[i], &graphics, &error)) {
			g_assert(error != NULL);
			continue;
		}
		update = libvirt_graphics_update(&graphics, "secret", 1700000000);
		g_assert(strstr(update, "passwd='secret'") != NULL);
		libvirt_graphics_clear(&graphics);
	}
	return 0;
}
