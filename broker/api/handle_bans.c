/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_bans: who may not log in for a while, for admins. */
#include "handlers.h"

#include "services.h"
#include "views.h"

#define BAN_MINUTES_MAX 5256000 /* ten years */

gboolean handle_bans(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_bans(request->services->core, error), view_ban);
}

gboolean handle_ban(Request *request, GError **error)
{
	const char *user = NULL, *address = NULL, *reason = "";
	g_autoptr(json_t) root = NULL;
	json_int_t minutes = 0;

	if (!request_json(request, &root, error, "{s?:s,s?:s,s?:I,s?:s}", "user", &user, "address",
			  &address, "minutes", &minutes, "reason", &reason) ||
	    !in_range("minutes", minutes, 0, BAN_MINUTES_MAX, error) ||
	    !core_ban(request->services->core, admin_name(request), or_null(user), or_null(address),
		      (guint64)minutes, reason, error))
		return FALSE;
	return reply_created(request, or_null(user) ? "user" : "address",
			     or_null(user) ? user : address);
}

/* ?user= or ?address=, or both. */
gboolean handle_unlock(Request *request, GError **error)
{
	return reply_done(request,
			  core_unlock(request->services->core, admin_name(request),
				      or_null(g_hash_table_lookup(request->query, "user")),
				      or_null(g_hash_table_lookup(request->query, "address")),
				      error));
}
