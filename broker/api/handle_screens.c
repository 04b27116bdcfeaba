/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_screens: what a desktop shows, small, for admins and for whose desktop it is. */
#include "handlers.h"

#include "core_admin.h"
#include "services.h"

static gboolean reply_png(Request *request, GBytes *png)
{
	gsize n;
	gconstpointer bytes;

	if (png == NULL)
		return FALSE;
	bytes = g_bytes_get_data(png, &n);
	reply_bytes(request, 200, "image/png", g_memdup2(bytes, n), n);
	g_bytes_unref(png);
	return TRUE;
}

gboolean handle_desktop_screen(Request *request, GError **error)
{
	return reply_png(request, core_desktop_screen(request->services->core, admin_name(request),
						      request->args[0], error));
}

gboolean handle_own_screen(Request *request, GError **error)
{
	return reply_png(request, core_own_screen(request->services->core, request->who,
						  request->args[0], error));
}
