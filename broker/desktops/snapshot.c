/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snapshot: the snapshots that people keep of their dedicated desktops; see core.h. The row is
 * there before the provider begins and is ready when it has done it: what a killed broker leaves is
 * found by the next one that takes a snapshot of the same desktop, and removed.
 */
#include "admin/audit.h"
#include "desktops/desktop.h"
#include "fault.h"
#include "people/entitlement.h"
#include "sessions/session.h"
#include "store_desktop.h"
#include "store_snapshot.h"

#define NAME_LETTERS 60
#define ABANDONED    180 /* s: longer than taking one may take */

/* One's own; for an administrator, anybody's. */
static StoreDesktop *find_desktop(Core *core, const Who *who, const char *id, GError **error)
{
	g_autoptr(StoreDesktop) row = NULL;

	if (who && !who->admin)
		return entitlement_own(core, who, id, NULL, error);
	row = store_desktop(core->db, id, error);
	if (row && !(g_str_equal(row->kind, "dedicated") && row->owner)) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s is nobody's for good", id);
		return NULL;
	}
	return g_steal_pointer(&row);
}

GPtrArray *core_snapshots(Core *core, const Who *who, const char *desktop, GError **error)
{
	g_autoptr(StoreDesktop) own = find_desktop(core, who, desktop, error);

	return own ? store_snapshots(core->db, desktop, TRUE, error) : NULL;
}

static gboolean sweep(Core *core, const StoreDesktop *desktop, GError **error)
{
	g_autoptr(GPtrArray) half = store_snapshots(core->db, desktop->id, FALSE, error);

	for (guint i = 0; half && i < half->len; i++) {
		const SnapshotView *view = half->pdata[i];

		if (view->taken_at < core_now() - ABANDONED &&
		    (!desktop_snapshot(core, desktop->id, desktop->owner, PROVIDER_FORGET, view->id,
				       error) ||
		     !store_snapshot_remove(core->db, view->id, error)))
			return FALSE;
	}
	return half != NULL;
}

/* Its place among those that they may keep, in one transaction. */
static gboolean reserve(Core *core, const char *desktop, const char *id, const char *name,
			unsigned limit, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);
	g_autoptr(GPtrArray) ready = tx.db ? store_snapshots(core->db, desktop, TRUE, error) : NULL;
	g_autoptr(GPtrArray) half = ready ? store_snapshots(core->db, desktop, FALSE, error) : NULL;

	if (!half)
		return FALSE;
	if (ready->len + half->len >= limit) {
		if (limit == 0)
			g_set_error(error, FAULT, FAULT_QUOTA,
				    "This desktop keeps no snapshots. Ask your administrator for "
				    "some.");
		else
			g_set_error(error, FAULT, FAULT_QUOTA,
				    "This desktop keeps %u snapshots at most. Remove one first.",
				    limit);
		return FALSE;
	}
	return store_snapshot_add(core->db, desktop, id, name, core_now(), error) &&
	       db_commit(&tx, error);
}

static gboolean name_ok(const char *name, GError **error)
{
	gboolean ok = name && *name && g_utf8_validate(name, -1, NULL) &&
		      g_utf8_strlen(name, -1) <= NAME_LETTERS;

	for (const char *c = name; ok && *c; c = g_utf8_next_char(c))
		ok = !g_unichar_iscntrl(g_utf8_get_char(c));
	if (!ok)
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "a snapshot's name has 1 to %d letters on one line", NAME_LETTERS);
	return ok;
}

static void note(Core *core, const Who *who, const char *desktop, const char *deed,
		 const char *name)
{
	g_autofree char *detail = g_strconcat(deed, " ", name, NULL);

	audit_note(core, &(AuditEntry){.event = "snapshot",
				       .user = who ? who->user : NULL,
				       .desktop = desktop,
				       .detail = detail});
}

gboolean core_snapshot_take(Core *core, const Who *who, const char *desktop, const char *name,
			    char **out_id, GError **error)
{
	g_autofree char *id = core_make_id("n-");
	g_autoptr(StoreDesktop) own = NULL;
	g_autoptr(PlanView) plan = NULL;

	if (!name_ok(name, error))
		return FALSE;
	own = find_desktop(core, who, desktop, error);
	plan = own ? core_plan(core, own->pool, error) : NULL;
	if (!plan || !sweep(core, own, error) ||
	    !reserve(core, desktop, id, name, plan->snapshots, error))
		return FALSE;
	if (!desktop_snapshot(core, desktop, own->owner, PROVIDER_TAKE, id, error)) {
		store_snapshot_remove(core->db, id, NULL);
		return FALSE;
	}
	if (!store_snapshot_ready(core->db, id, error))
		return FALSE;
	note(core, who, desktop, "take", name);
	*out_id = g_steal_pointer(&id);
	return TRUE;
}

/* The name (g_free) of one of this desktop, which must be this person's, and whose that is now
 * (g_free). */
static char *find(Core *core, const Who *who, const char *desktop, const char *id, char **out_owner,
		  GError **error)
{
	g_autoptr(StoreDesktop) own = find_desktop(core, who, desktop, error);
	g_autoptr(GPtrArray) all = own ? store_snapshots(core->db, desktop, TRUE, error) : NULL;

	for (guint i = 0; all && i < all->len; i++) {
		const SnapshotView *view = all->pdata[i];

		if (!g_str_equal(view->id, id))
			continue;
		*out_owner = g_strdup(own->owner);
		return g_strdup(view->name);
	}
	if (all)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s has no snapshot %s", desktop, id);
	return NULL;
}

gboolean core_snapshot_revert(Core *core, const Who *who, const char *desktop, const char *id,
			      GError **error)
{
	g_autofree char *owner = NULL;
	g_autofree char *name = find(core, who, desktop, id, &owner, error);

	if (!name)
		return FALSE;
	sessions_end_desktop(core, desktop, owner, "it went back to a snapshot");
	if (!desktop_snapshot(core, desktop, owner, PROVIDER_REVERT, id, error))
		return FALSE;
	note(core, who, desktop, "revert to", name);
	return TRUE;
}

gboolean core_snapshot_remove(Core *core, const Who *who, const char *desktop, const char *id,
			      GError **error)
{
	g_autofree char *owner = NULL;
	g_autofree char *name = find(core, who, desktop, id, &owner, error);

	if (!name || !desktop_snapshot(core, desktop, owner, PROVIDER_FORGET, id, error) ||
	    !store_snapshot_remove(core->db, id, error))
		return FALSE;
	note(core, who, desktop, "remove", name);
	return TRUE;
}
