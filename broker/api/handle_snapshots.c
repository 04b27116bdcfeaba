/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_snapshots: what people keep of their own desktops. */
#include "handlers.h"

#include "services.h"
#include "views.h"

gboolean handle_snapshots(Request *request, GError **error)
{
	g_autoptr(GPtrArray) all =
		core_snapshots(request->services->core, request->who, request->args[0], error);

	if (all == NULL)
		return FALSE;
	reply_json(request, 200, VIEW_ARRAY(all, view_snapshot));
	return TRUE;
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
	reply_json(request, 201, json_pack("{s:s}", "id", id));
	return TRUE;
}

gboolean handle_snapshot_revert(Request *request, GError **error)
{
	if (!core_snapshot_revert(request->services->core, request->who, request->args[0],
				  request->args[1], error))
		return FALSE;
	reply_empty(request, 204);
	return TRUE;
}

gboolean handle_snapshot_remove(Request *request, GError **error)
{
	if (!core_snapshot_remove(request->services->core, request->who, request->args[0],
				  request->args[1], error))
		return FALSE;
	reply_empty(request, 204);
	return TRUE;
}
