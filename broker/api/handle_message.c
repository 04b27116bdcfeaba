/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_message: what admins say to people, and the people who read it. */
#include "handlers.h"

#include "services.h"
#include "views.h"

gboolean handle_messages(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_messages(request->services->core, request->who, error),
			   view_message);
}

gboolean handle_message_send(Request *request, GError **error)
{
	const char *admin = request->who ? request->who->user : NULL;
	g_autoptr(json_t) root = NULL;
	const char *user, *text;

	return request_json(request, &root, error, "{s:s,s:s}", "user", &user, "text", &text) &&
	       reply_done(request,
			  core_message_send(request->services->core, admin, user, text, error));
}
