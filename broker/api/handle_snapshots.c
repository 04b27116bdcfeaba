/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_snapshots: what people keep of their own desktops. */
#include "handlers.h"

#include "services.h"
#include "views.h"

gboolean handle_snapshots(Request *request, GError **error)
{
	return REPLY_VIEWS(
		request,
		core_snapshots(request->services->core, request->who, request->args[0], error),
		view_snapshot);
}

gboolean handle_snapshot_take(Request *request, GError **error)
{
	g_autoptr(json_t) root = NULL;
	g_autofree char *id = NULL;
	const char *name;

	if (!request_json(request, &root, error, "{s:s}", "name", &name) ||
	    !core_snapshot_take(request->services->core, request->who, request->args[0], name, &id,
				error))
		return FALSE;
	return reply_created(request, "id", id);
}

gboolean handle_snapshot_revert(Request *request, GError **error)
{
	return reply_done(request, core_snapshot_revert(request->services->core, request->who,
							request->args[0], request->args[1], error));
}

gboolean handle_snapshot_remove(Request *request, GError **error)
{
	return reply_done(request, core_snapshot_remove(request->services->core, request->who,
							request->args[0], request->args[1], error));
}
