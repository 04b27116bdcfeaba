/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_admin: the long lists that admins look through (desktops, sessions, the audit log), and
 * what they do to what they find there. */
#include "handlers.h"

#include <string.h>

#include "services.h"
#include "views.h"

#define AUDIT_MAX  1000
#define SEARCH_MAX 200
#define PAST       100 /* sessions that have ended, if nobody says how many */

/* *out NULL = nothing is looked for. */
static gboolean search_text(Request *request, const char **out, GError **error)
{
	*out = g_hash_table_lookup(request->query, "text");
	if (*out == NULL || strlen(*out) <= SEARCH_MAX)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CLIENT, "text: at most %d bytes", SEARCH_MAX);
	return FALSE;
}

/* What part of a long list is wanted. */
typedef struct {
	const char *text, *order;
	gboolean down;
	unsigned limit;
} Part;

/* orders: with "|" between them. limit 0: all. */
static gboolean want_part(Request *request, const char *orders, Part *out, GError **error)
{
	g_auto(GStrv) known = g_strsplit(orders, "|", -1);
	gint64 limit, down;

	out->order = g_hash_table_lookup(request->query, "order");
	if (!search_text(request, &out->text, error) ||
	    !request_number(request, "limit", 0, G_MAXINT32, 0, &limit, error) ||
	    !request_number(request, "down", 0, 1, 0, &down, error))
		return FALSE;
	out->limit = (unsigned)limit;
	out->down = down != 0;
	if (!out->order || g_strv_contains((const char *const *)known, out->order))
		return TRUE;
	g_set_error(error, FAULT, FAULT_CLIENT, "order: want one of %s", orders);
	return FALSE;
}

gboolean handle_admin_desktops(Request *request, GError **error)
{
	Part part;

	return want_part(request, "name|pool|state|user|used", &part, error) &&
	       REPLY_VIEWS(request,
			   core_admin_desktops_found(request->services->core, part.text, part.order,
						     part.down, part.limit, error),
			   view_admin_desktop);
}

gboolean handle_desktop_action(Request *request, GError **error)
{
	static const char *const actions[] = {"start", "stop", "reset", "release", NULL};

	if (!g_strv_contains(actions, request->args[1])) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "no such action on a desktop");
		return FALSE;
	}
	return reply_done(request, core_desktop_action(request->services->core, admin_name(request),
						       request->args[0], request->args[1], error));
}

/* ?ended=1: also those that are over. Unless an order is wanted, the newest first. */
gboolean handle_admin_sessions(Request *request, GError **error)
{
	gboolean ended = request_flag(request, "ended");
	Part part;

	return want_part(request, "since|user|desktop|client|from|ended|sent|line|idle", &part,
			 error) &&
	       REPLY_VIEWS(request,
			   core_sessions_found(request->services->core, !ended, part.text,
					       part.order, part.down || !part.order,
					       part.limit || !ended ? part.limit : PAST, error),
			   view_session);
}

gboolean handle_sessions_count(Request *request, GError **error)
{
	unsigned sessions, people;

	if (!core_sessions_count(request->services->core, &sessions, &people, error))
		return FALSE;
	reply_json(request, 200,
		   json_pack("{s:i, s:i}", "sessions", (int)sessions, "people", (int)people));
	return TRUE;
}

gboolean handle_session_move(Request *request, GError **error)
{
	g_autoptr(json_t) root = NULL;
	const char *desktop;

	if (!request_json(request, &root, error, "{s:s}", "desktop", &desktop))
		return FALSE;
	return reply_done(request, core_session_move(request->services->core, admin_name(request),
						     request->args[0], desktop, error));
}

/* ?before=ID&limit=N&text=WORDS: newest first; the last one's id is the next page's before. */
gboolean handle_audit(Request *request, GError **error)
{
	const char *text;
	gint64 before, limit;

	if (!search_text(request, &text, error) ||
	    !request_number(request, "before", 1, G_MAXINT64, G_MAXINT64, &before, error) ||
	    !request_number(request, "limit", 1, AUDIT_MAX, 100, &limit, error))
		return FALSE;
	return REPLY_VIEWS(
		request, core_audit(request->services->core, before, (unsigned)limit, text, error),
		view_audit);
}

gboolean handle_events(Request *request, GError **error)
{
	reply_events(request);
	return TRUE;
}
