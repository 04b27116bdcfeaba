/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_maintenance: what is closed for a while, for admins. */
#include "handlers.h"

#include "services.h"
#include "views.h"

gboolean handle_maintenances(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_maintenances(request->services->core, error),
			   view_maintenance);
}

gboolean handle_maintenance_begin(Request *request, GError **error)
{
	const char *kind, *name, *words = NULL;
	g_autoptr(json_t) root = NULL;
	MaintenanceView view;

	if (!request_json(request, &root, error, "{s:s,s:s,s?:s}", "kind", &kind, "name", &name,
			  "words", &words))
		return FALSE;
	view = (MaintenanceView){
		.kind = (char *)kind, .name = (char *)name, .words = (char *)words};
	if (!core_maintenance_begin(request->services->core, admin_name(request), &view, error))
		return FALSE;
	return reply_created(request, "name", name);
}

/* ?kind=&name=: a host's name may have slashes in it. */
gboolean handle_maintenance_end(Request *request, GError **error)
{
	const char *kind = g_hash_table_lookup(request->query, "kind");
	const char *name = g_hash_table_lookup(request->query, "name");

	if (kind == NULL || name == NULL) {
		g_set_error(error, FAULT, FAULT_CLIENT, "want a kind and a name");
		return FALSE;
	}
	return reply_done(request, core_maintenance_end(request->services->core,
							admin_name(request), kind, name, error));
}
