/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_entitlements: who may have desktops of which pool, for admins. */
#include "handlers.h"

#include "services.h"
#include "views.h"

gboolean handle_entitlements(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_entitlements(request->services->core, error),
			   view_entitlement);
}

static gboolean entitle(Request *request, const char *pool, const char *user, const char *group,
			gboolean grant, GError **error)
{
	if (or_null(pool) == NULL || (or_null(user) == NULL) == (or_null(group) == NULL)) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "want a pool, and either a user or a group");
		return FALSE;
	}
	return core_entitle(request->services->core, admin_name(request), pool, or_null(user),
			    or_null(group), grant, error);
}

gboolean handle_entitle(Request *request, GError **error)
{
	const char *pool, *user = NULL, *group = NULL;
	g_autoptr(json_t) root = NULL;

	if (!request_json(request, &root, error, "{s:s,s?:s,s?:s}", "pool", &pool, "user", &user,
			  "group", &group) ||
	    !entitle(request, pool, user, group, TRUE, error))
		return FALSE;
	return reply_created(request, "pool", pool);
}

/* ?pool=&user= or ?pool=&group=: a DELETE has no body. */
gboolean handle_unentitle(Request *request, GError **error)
{
	return reply_done(request,
			  entitle(request, g_hash_table_lookup(request->query, "pool"),
				  g_hash_table_lookup(request->query, "user"),
				  g_hash_table_lookup(request->query, "group"), FALSE, error));
}
