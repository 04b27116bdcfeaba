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

/* What was asked for, borrowed. */
static gboolean make(const char *pool, const char *user, const char *group, EntitlementView *out,
		     GError **error)
{
	*out = (EntitlementView){
		.pool = or_null(pool), .user = or_null(user), .group = or_null(group)};
	if (out->pool && !out->user != !out->group)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CLIENT, "want a pool, and either a user or a group");
	return FALSE;
}

gboolean handle_entitle(Request *request, GError **error)
{
	const char *pool, *user = NULL, *group = NULL;
	g_autoptr(json_t) root = NULL;
	EntitlementView to;

	if (!request_json(request, &root, error, "{s:s,s?:s,s?:s}", "pool", &pool, "user", &user,
			  "group", &group) ||
	    !make(pool, user, group, &to, error) ||
	    !core_entitle(request->services->core, admin_name(request), &to, error))
		return FALSE;
	return reply_created(request, "pool", pool);
}

/* ?pool=&user= or ?pool=&group=: a DELETE has no body. */
gboolean handle_unentitle(Request *request, GError **error)
{
	GHashTable *query = request->query;
	EntitlementView to;

	return make(g_hash_table_lookup(query, "pool"), g_hash_table_lookup(query, "user"),
		    g_hash_table_lookup(query, "group"), &to, error) &&
	       reply_done(request,
			  core_unentitle(request->services->core, admin_name(request), &to, error));
}
