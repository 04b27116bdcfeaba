/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan: what becomes of a desktop when its person has left it, and how long a session may last.
 *
 *   disconnect  the viewer went, or the line did
 *   idle        no key and no pointer for so long: the session ends, then the action
 *   logout      the person ended the session in the portal, signed out of it, or shut a floating
 *               desktop down from inside
 *
 * Each has an action and a grace. A floating desktop whose action is reset or delete, and every
 * machine, is its person's through the grace and then anybody's; with any other action it stays
 * its person's until a step says otherwise. What is to be done stands in the store, and is done
 * after a restart, too. Who owns nothing is not idle: spares stay as they are.
 */
#pragma once

#include "core_parts.h"

typedef enum {
	PLAN_DISCONNECT,
	PLAN_IDLE,
	PLAN_LOGOUT,
} PlanEvent;

/* Inside a transaction: the last session on it is over. It stays held at least until `ticket`. */
gboolean plan_leave(Core *core, const char *desktop, PlanEvent event, gint64 ticket,
		    GError **error);
/* They signed out: the desktops of theirs that they have left before. Inside a transaction. */
gboolean plan_sign_out(Core *core, const char *user, GError **error);
/* It was shut down from inside. If a session is still on it, its end sees that. */
gboolean plan_shut_down(Core *core, const char *desktop, GError **error);

/* When the session's time is over and why ("idle", "length"); 0 and NULL = never. */
typedef struct {
	gint64 ends_at, warn_at;
	const char *why;
	gboolean extendable;
} PlanEnd;
/* Fills those of the views' ends that plans limit. views: of SessionView. */
gboolean plan_tell_ends(Core *core, GPtrArray *views, GError **error);

/* For the maintainer: ends the sessions whose time is over, and warns those in native viewers; *due
 * comes down to when to
 * look again. */
gboolean plan_enforce(Core *core, gint64 now, gint64 *due, GError **error);
