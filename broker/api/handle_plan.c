/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_plan: what becomes of a pool's desktops, and the person who says that they are there. */
#include "handlers.h"

#include "services.h"
#include "views.h"

#define SECONDS_MAX (366 * 86400)

gboolean handle_session_extend(Request *request, GError **error)
{
	g_autoptr(SessionView) session =
		core_session_extend(request->services->core, request->who, request->args[0], error);

	if (session == NULL)
		return FALSE;
	reply_json(request, 200, view_session(session));
	return TRUE;
}

gboolean handle_plans(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_plans(request->services->core, error), view_plan);
}

static gboolean seconds_ok(const json_int_t *values, gsize n, GError **error)
{
	for (gsize i = 0; i < n; i++) {
		if (values[i] >= 0 && values[i] <= SECONDS_MAX)
			continue;
		g_set_error(error, FAULT, FAULT_CLIENT, "times are from 0 to %d seconds",
			    SECONDS_MAX);
		return FALSE;
	}
	return TRUE;
}

/* What is not named stays as it is. */
gboolean handle_plan_set(Request *request, GError **error)
{
	enum { DISCONNECT, IDLE, LOGOUT, LENGTH, WARN, EXTEND, SNAPSHOTS, N };
	Core *core = request->services->core;
	g_autoptr(PlanView) old = core_plan(core, request->args[0], error);
	g_autoptr(json_t) root = NULL;
	const char *actions[3];
	json_int_t s[N];
	PlanView plan;

	if (old == NULL)
		return FALSE;
	actions[DISCONNECT] = old->disconnect;
	actions[IDLE] = old->idle;
	actions[LOGOUT] = old->logout;
	s[DISCONNECT] = old->disconnect_after;
	s[IDLE] = old->idle_after;
	s[LOGOUT] = old->logout_after;
	s[LENGTH] = old->length;
	s[WARN] = old->warn;
	s[EXTEND] = old->extend;
	s[SNAPSHOTS] = old->snapshots;
	if (!request_json(request, &root, error,
			  "{s?:s,s?:I,s?:s,s?:I,s?:s,s?:I,s?:I,s?:I,s?:I,s?:I}", "disconnect",
			  &actions[DISCONNECT], "disconnect_after", &s[DISCONNECT], "idle",
			  &actions[IDLE], "idle_after", &s[IDLE], "logout", &actions[LOGOUT],
			  "logout_after", &s[LOGOUT], "length", &s[LENGTH], "warn", &s[WARN],
			  "extend", &s[EXTEND], "snapshots", &s[SNAPSHOTS]) ||
	    !seconds_ok(s, N, error))
		return FALSE;
	plan = (PlanView){
		.pool = (char *)request->args[0],
		.disconnect = (char *)actions[DISCONNECT],
		.disconnect_after = (unsigned)s[DISCONNECT],
		.idle = (char *)actions[IDLE],
		.idle_after = (unsigned)s[IDLE],
		.logout = (char *)actions[LOGOUT],
		.logout_after = (unsigned)s[LOGOUT],
		.length = (unsigned)s[LENGTH],
		.warn = (unsigned)s[WARN],
		.extend = (unsigned)s[EXTEND],
		.snapshots = (unsigned)s[SNAPSHOTS],
	};
	return reply_done(request, core_plan_set(core, admin_name(request), &plan, error));
}
