/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_message: what admins say to people, and the people who read it. */
#include "handlers.h"

#include "services.h"
#include "views.h"

gboolean handle_messages(Request *request, GError **error)
{
	g_autoptr(GPtrArray) messages = core_messages(request->services->core, request->who, error);

	if (messages == NULL)
		return FALSE;
	reply_json(request, 200, VIEW_ARRAY(messages, view_message));
	return TRUE;
}

gboolean handle_message_send(Request *request, GError **error)
{
	const char *admin = request->who ? request->who->user : NULL;
	g_autoptr(json_t) root = NULL;
	const char *user, *text;

	if (!request_json(request, &root, error, "{s:s,s:s}", "user", &user, "text", &text) ||
	    !core_message_send(request->services->core, admin, user, text, error))
		return FALSE;
	reply_empty(request, 204);
	return TRUE;
}
