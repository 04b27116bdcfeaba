/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin_desktop: what admins do with single desktops. */
#include "admin/audit.h"
#include "admin/screens.h"
#include "core_admin.h"
#include "desktops/desktop.h"
#include "fault.h"
#include "provider/nic.h"
#include "sessions/session.h"
#include "store_desktop.h"
#include "store_session.h"
#include "upkeep/maintainer.h"
#include "upkeep/plan.h"

static GPtrArray *view_all(Core *core, GPtrArray *rows)
{
	GPtrArray *views;

	if (!rows)
		return NULL;
	views = g_ptr_array_new_with_free_func((GDestroyNotify)admin_desktop_view_free);
	for (guint i = 0; i < rows->len; i++) {
		StoreDesktop *row = rows->pdata[i];
		AdminDesktopView *view = g_new0(AdminDesktopView, 1);

		view->screen = screens_allowed(core->options, row);
		view->mac = row->card ? nic_mac(row->id) : NULL;
		view->id = g_steal_pointer(&row->id);
		view->name = g_steal_pointer(&row->name);
		view->pool = g_steal_pointer(&row->pool);
		view->kind = g_steal_pointer(&row->kind);
		view->state = g_steal_pointer(&row->state);
		view->detail = g_steal_pointer(&row->detail);
		view->owner = g_steal_pointer(&row->owner);
		view->address = g_steal_pointer(&row->address);
		view->protocol = g_steal_pointer(&row->protocol);
		view->identity = g_steal_pointer(&row->identity);
		view->image = g_steal_pointer(&row->image);
		view->version = row->version;
		view->last_used = row->last_used;
		g_ptr_array_add(views, view);
	}
	return views;
}

GPtrArray *core_admin_desktops(Core *core, GError **error)
{
	g_autoptr(GPtrArray) rows = store_desktops(core->db, NULL, error);

	return view_all(core, rows);
}

GPtrArray *core_admin_desktops_found(Core *core, const char *text, const char *order, gboolean down,
				     unsigned limit, GError **error)
{
	g_autoptr(GPtrArray) rows = store_desktops_found(core->db, text, order, down, limit, error);

	return view_all(core, rows);
}

/* ---- actions */

static gboolean act_start(Core *core, const StoreDesktop *row, GError **error)
{
	return desktop_start(core, row->id, NULL, error);
}

static gboolean act_stop(Core *core, const StoreDesktop *row, GError **error)
{
	sessions_end_desktop(core, row->id, NULL, "stopped by an administrator");
	return desktop_stop(core, row->id, error);
}

static gboolean act_reset(Core *core, const StoreDesktop *row, GError **error)
{
	sessions_end_desktop(core, row->id, NULL, "reset by an administrator");
	return desktop_reset(core, row->id, NULL, error);
}

/* What the last owner left in it goes before anybody else may have it: the maintainer resets. */
static gboolean act_release(Core *core, const StoreDesktop *row, GError **error)
{
	if (!g_str_equal(row->kind, "dedicated"))
		return store_desktop_give_back(core->db, row->id, core_now(), error);
	return store_desktop_disown(core->db, row->id, error);
}

static const struct {
	const char *name;
	gboolean (*act)(Core *core, const StoreDesktop *row, GError **error);
} actions[] = {
	{"start", act_start},
	{"stop", act_stop},
	{"reset", act_reset},
	{"release", act_release},
};

gboolean core_desktop_action(Core *core, const char *admin, const char *id, const char *action,
			     GError **error)
{
	g_autoptr(StoreDesktop) row = store_desktop(core->db, id, error);

	if (!row)
		return FALSE;
	for (unsigned i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (g_strcmp0(action, actions[i].name) != 0)
			continue;
		if (!actions[i].act(core, row, error))
			return FALSE;
		audit_admin(core, admin, id, "desktop %s %s", action, row->name);
		maintainer_wake(core->maintainer);
		return TRUE;
	}
	g_set_error(error, FAULT, FAULT_CLIENT, "'%s' is none of start, stop, reset, release",
		    action);
	return FALSE;
}

/* ---- sessions */

GPtrArray *core_sessions(Core *core, const char *user, gboolean live, unsigned limit,
			 GError **error)
{
	g_autoptr(GPtrArray) views = store_sessions(core->db, user, live, limit, error);

	if (!views || !plan_tell_ends(core, views, error))
		return NULL;
	return g_steal_pointer(&views);
}

GPtrArray *core_sessions_found(Core *core, gboolean live, const char *text, const char *order,
			       gboolean down, unsigned limit, GError **error)
{
	g_autoptr(GPtrArray)
		views = store_sessions_found(core->db, live, text, order, down, limit, error);

	if (!views || !plan_tell_ends(core, views, error))
		return NULL;
	return g_steal_pointer(&views);
}

gboolean core_sessions_count(Core *core, unsigned *out_sessions, unsigned *out_people,
			     GError **error)
{
	return store_sessions_count(core->db, out_sessions, out_people, error);
}

gboolean core_session_end(Core *core, const Who *who, const char *id, GError **error)
{
	g_auto(Grant) grant = {0};
	gboolean own;

	if (!session_find(core, id, &grant, error))
		return FALSE;
	own = who && g_str_equal(who->user, grant.user);
	if (who && !own && !who->admin) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "session %s is not %s's", id, who->user);
		return FALSE;
	}
	if (!session_end_by_plan(core, id, own ? PLAN_LOGOUT : PLAN_DISCONNECT,
				 own ? "ended by its user" : "ended by an administrator")) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "session %s has just ended", id);
		return FALSE;
	}
	if (!own)
		audit_admin(core, who ? who->user : NULL, grant.desktop, "session end %s", id);
	return TRUE;
}
