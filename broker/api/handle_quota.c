/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_quota: how much people and pools may have, for admins. */
#include "handlers.h"

#include "services.h"
#include "views.h"

#define MOST 100000000

gboolean handle_quotas(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_quotas(request->services->core, error), view_quota);
}

gboolean handle_quota_set(Request *request, GError **error)
{
	json_int_t n[4] = {0};
	const char *kind, *name;
	g_autoptr(json_t) root = NULL;
	QuotaView quota;

	if (!request_json(request, &root, error, "{s:s,s:s,s?:I,s?:I,s?:I,s?:I}", "kind", &kind,
			  "name", &name, "desktops", &n[0], "sessions", &n[1], "memory", &n[2],
			  "cpus", &n[3]))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(n); i++) {
		if (n[i] < 0 || n[i] > MOST) {
			g_set_error(error, FAULT, FAULT_CLIENT, "numbers are from 0 to %d", MOST);
			return FALSE;
		}
	}
	quota = (QuotaView){
		.kind = (char *)kind,
		.name = (char *)name,
		.desktops = (unsigned)n[0],
		.sessions = (unsigned)n[1],
		.memory = (unsigned)n[2],
		.cpus = (unsigned)n[3],
	};
	if (!core_quota_set(request->services->core, admin_name(request), &quota, error))
		return FALSE;
	return reply_created(request, "name", name);
}

gboolean handle_quota_remove(Request *request, GError **error)
{
	return reply_done(request, core_quota_remove(request->services->core, admin_name(request),
						     request->args[0], request->args[1], error));
}
