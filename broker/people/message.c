/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message: what admins say to people. It waits in the store for a day, so that whichever broker the
 * person's page asks has it; the page shows each once. */
#include <string.h>

#include "admin/audit.h"
#include "fault.h"
#include "store_message.h"

#define TEXT_MAX 1000
#define NEWS     (24 * 3600) /* seconds that it is shown to who was not there */

gboolean core_message_send(Core *core, const char *admin, const char *user, const char *text,
			   GError **error)
{
	g_autofree char *id = core_make_id("m-");
	MessageView message = {.id = id,
			       .user = (char *)user,
			       .sender = (char *)admin,
			       .text = (char *)text,
			       .at = core_now()};

	if (!*user || strlen(user) > 255 || !*text || strlen(text) > TEXT_MAX) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "a message is for a user, and has 1 to %d bytes", TEXT_MAX);
		return FALSE;
	}
	if (!store_message_add(core->db, &message, message.at - NEWS, error))
		return FALSE;
	audit_admin(core, admin, NULL, "message to %s: %s", user, text);
	return TRUE;
}

GPtrArray *core_messages(Core *core, const Who *who, GError **error)
{
	return store_messages(core->db, who->user, core_now() - NEWS, error);
}
