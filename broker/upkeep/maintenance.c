/* SPDX-License-Identifier: GPL-3.0-or-later */
/* maintenance: see maintenance.h. */
#include "upkeep/maintenance.h"

#include "admin/audit.h"
#include "core_admin.h"
#include "desktops/seat.h"
#include "fault.h"
#include "store_maintenance.h"
#include "store_pool.h"
#include "upkeep/brokers.h"
#include "upkeep/maintainer.h"

#define WORDS     "This desktop is being worked on. Please try again later."
#define WORDS_MAX 500

gboolean maintenance_of(Core *core, const PoolView *pool, const StoreDesktop *row, char **out_words,
			GError **error)
{
	g_autofree char *provider = *pool->uri ? g_strconcat(pool->provider, " ", pool->uri, NULL)
					       : g_strdup(pool->provider);
	const char *host = row && row->broker      ? row->broker
			   : seat_pool_local(pool) ? brokers_name(core->brokers)
						   : NULL;

	return store_maintenance_of(core->db, pool->name, provider, host, row ? row->id : NULL,
				    out_words, error);
}

gboolean maintenance_allow(Core *core, const Who *who, const PoolView *pool,
			   const StoreDesktop *row, GError **error)
{
	g_autofree char *words = NULL;

	if (row && g_str_equal(row->state, "in-use") && g_strcmp0(row->owner, who->user) == 0)
		return TRUE;
	if (!maintenance_of(core, pool, row, &words, error))
		return FALSE;
	if (words)
		g_set_error_literal(error, FAULT, FAULT_MAINTENANCE, words);
	return !words;
}

/* ---- for admins */

GPtrArray *core_maintenances(Core *core, GError **error)
{
	return store_maintenances(core->db, error);
}

/* A host has no row anywhere: one that is misspelt closes nothing, and its list says 0 sessions. */
static gboolean is_there(Core *core, const MaintenanceView *view, GError **error)
{
	g_autoptr(PoolView) pool = NULL;
	g_autoptr(StoreDesktop) row = NULL;

	if (g_strcmp0(view->kind, "host") == 0 && view->name && *view->name)
		return TRUE;
	if (g_strcmp0(view->kind, "pool") == 0) {
		pool = store_pool(core->db, view->name, error);
		return pool != NULL;
	}
	if (g_strcmp0(view->kind, "desktop") == 0) {
		row = store_desktop(core->db, view->name, error);
		return row != NULL;
	}
	g_set_error(error, FAULT, FAULT_CLIENT, "maintenance is of a pool, a host or a desktop");
	return FALSE;
}

gboolean core_maintenance_begin(Core *core, const char *admin, const MaintenanceView *view,
				GError **error)
{
	MaintenanceView whole = *view;

	if (!is_there(core, view, error))
		return FALSE;
	if (!view->words || !*view->words)
		whole.words = (char *)WORDS;
	if (g_utf8_strlen(whole.words, -1) > WORDS_MAX) {
		g_set_error(error, FAULT, FAULT_CLIENT, "at most %d letters of words", WORDS_MAX);
		return FALSE;
	}
	whole.since = core_now();
	if (!store_maintenance_put(core->db, &whole, error))
		return FALSE;
	audit_admin(core, admin, NULL, "maintenance begin %s %s: %s", whole.kind, whole.name,
		    whole.words);
	return TRUE;
}

gboolean core_maintenance_end(Core *core, const char *admin, const char *kind, const char *name,
			      GError **error)
{
	if (!store_maintenance_remove(core->db, kind, name, error))
		return FALSE;
	audit_admin(core, admin, NULL, "maintenance end %s %s", kind, name);
	maintainer_wake(core->maintainer);
	return TRUE;
}
