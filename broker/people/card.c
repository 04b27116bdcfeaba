/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * card: the desktops as their user sees them. A floating pool is one card; a dedicated pool is its
 * user's desktop or, before there is one, the pool; a machine is a card each. The one used last
 * comes first.
 */
#include "admin/screens.h"
#include "bridges/bridges.h"
#include "desktops/machine.h"
#include "desktops/seat.h"
#include "fault.h"
#include "people/entitlement.h"
#include "store_plan.h"
#include "store_session.h"
#include "upkeep/brokers.h"
#include "upkeep/maintenance.h"

static char **protocols(unsigned displays)
{
	GPtrArray *list = g_ptr_array_new();

	if (displays & PROVIDER_VNC) {
		g_ptr_array_add(list, g_strdup("web"));
		g_ptr_array_add(list, g_strdup("vnc"));
	}
	if (displays & PROVIDER_SPICE)
		g_ptr_array_add(list, g_strdup("spice"));
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(list, FALSE);
}

/* Inner names stay inside: a person reads the words of the fault, the admin the reason. */
static const char *words(const Who *who, const StoreDesktop *row, gboolean nobody_there)
{
	if (g_str_equal(row->state, "failed"))
		return fault_info(FAULT_DESKTOP)->words;
	if (row->owner && !g_str_equal(row->owner, who->user))
		return "Somebody else is using it";
	if (!nobody_there)
		return "Somebody is sitting at it";
	return row->detail;
}

/* How many snapshots its person may keep of it. */
static gboolean snapshots_kept(Core *core, const PoolView *pool, const StoreDesktop *row,
			       unsigned *out, GError **error)
{
	const ProviderOps *ops = provider_find(pool->provider);
	g_autoptr(PlanView) plan = NULL;

	if (!g_str_equal(pool->kind, "dedicated") || !row->identity || !ops || !ops->snapshot)
		return TRUE;
	if (!store_plan(core->db, pool->name, &plan, error))
		return FALSE;
	*out = plan ? plan->snapshots : 0;
	return TRUE;
}

/* row NULL: the pool's card, nobody's desktop yet. */
static DesktopView *make_card(Core *core, const Who *who, const PoolView *pool,
			      const StoreDesktop *row, const char *state, GError **error)
{
	gboolean of_pool = !row || g_str_equal(pool->kind, "floating");
	g_autoptr(GError) ignored = NULL;
	DesktopView *view;
	unsigned displays = 0;
	gint64 last_used;
	gboolean nobody_there = TRUE;

	if (row && g_str_equal(pool->kind, "machines") &&
	    !machine_free_for(core, row->id, who->user, &nobody_there, error))
		return NULL;
	if (!store_session_last(core->db, who->user, pool->name, of_pool ? NULL : row->id,
				&last_used, error))
		return NULL;
	/* A provider that is down leaves a card without protocols. */
	seat_displays(core, pool, row, &displays, &ignored);
	view = g_new0(DesktopView, 1);
	view->id = of_pool ? g_strconcat("p-", pool->name, NULL) : g_strdup(row->id);
	view->name = g_strdup(of_pool ? pool->name : row->name);
	view->pool = g_strdup(pool->name);
	view->kind = g_strdup(pool->kind);
	view->state = g_strdup(row ? row->state : state);
	view->closed = maintenance_of(core, pool, row, &view->detail, NULL) && view->detail;
	if (!view->closed)
		view->detail = g_strdup(row ? words(who, row, nobody_there) : "");
	view->protocols = protocols(bridges_faces(core, displays));
	if (row && !of_pool && !snapshots_kept(core, pool, row, &view->snapshots, error)) {
		desktop_view_free(view);
		return NULL;
	}
	view->screen = row && !of_pool && screens_own(core->options, row, who->user);
	view->last_used = last_used;
	view->update = row && row->identity && g_str_equal(pool->kind, "dedicated") &&
		       seat_elsewhere(row, pool);
	return view;
}

static gboolean add_card(Core *core, const Who *who, const PoolView *pool, const StoreDesktop *row,
			 const char *state, GPtrArray *cards, GError **error)
{
	DesktopView *card = make_card(core, who, pool, row, state, error);

	if (card)
		g_ptr_array_add(cards, card);
	return card != NULL;
}

/* A pool may have thousands: only those are read that become cards. own: all that are this
 * person's, of whichever pool. */
static gboolean add_pool(Core *core, const Who *who, const PoolView *pool, const GPtrArray *own,
			 GPtrArray *cards, GError **error)
{
	gboolean machines = g_str_equal(pool->kind, "machines");
	g_autoptr(GPtrArray) all = machines ? store_desktops(core->db, pool->name, error) : NULL;
	const GPtrArray *rows = machines ? all : own;
	guint before = cards->len;
	unsigned ready = 0;

	if (!rows)
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		const StoreDesktop *row = rows->pdata[i];

		if (g_str_equal(row->pool, pool->name) &&
		    !add_card(core, who, pool, row, NULL, cards, error))
			return FALSE;
	}
	if (cards->len > before || machines)
		return TRUE;
	return store_desktop_count_ready(core->db, pool->name, brokers_name(core->brokers), 1,
					 &ready, error) &&
	       add_card(core, who, pool, NULL, ready ? "ready" : "off", cards, error);
}

static int by_last_used(gconstpointer a, gconstpointer b)
{
	const DesktopView *x = *(DesktopView *const *)a;
	const DesktopView *y = *(DesktopView *const *)b;

	if (x->last_used != y->last_used)
		return x->last_used > y->last_used ? -1 : 1;
	return g_strcmp0(x->name, y->name);
}

GPtrArray *core_desktops(Core *core, const Who *who, GError **error)
{
	g_autoptr(GPtrArray) pools = entitlement_pools(core, who, error);
	g_autoptr(GPtrArray) own = pools ? store_desktops_of(core->db, who->user, error) : NULL;
	g_autoptr(GPtrArray) cards = NULL;

	if (!own)
		return NULL;
	cards = g_ptr_array_new_with_free_func((GDestroyNotify)desktop_view_free);
	for (guint i = 0; i < pools->len; i++) {
		if (!add_pool(core, who, pools->pdata[i], own, cards, error))
			return NULL;
	}
	g_ptr_array_sort(cards, by_last_used);
	return g_steal_pointer(&cards);
}

/* A "d-..." of somebody's own is found too where its pool is the card: a client that connected
 * knows it by that name. */
static DesktopView *own_desktop(Core *core, const Who *who, const char *id, GError **error)
{
	g_autoptr(StoreDesktop) row = store_desktop(core->db, id, error);
	g_autoptr(PoolView) pool = row ? entitlement_pool(core, who, row->pool, error) : NULL;

	if (!pool)
		return NULL;
	if (g_strcmp0(row->owner, who->user) != 0 && !g_str_equal(pool->kind, "machines")) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s is not %s's", id, who->user);
		return NULL;
	}
	return make_card(core, who, pool, row, NULL, error);
}

DesktopView *core_desktop(Core *core, const Who *who, const char *id, GError **error)
{
	g_autoptr(PoolView) pool = NULL;
	g_autoptr(GPtrArray) own = NULL;
	g_autoptr(GPtrArray) cards = NULL;

	if (!g_str_has_prefix(id, "p-"))
		return own_desktop(core, who, id, error);
	pool = entitlement_pool(core, who, id + 2, error);
	cards = g_ptr_array_new_with_free_func((GDestroyNotify)desktop_view_free);
	own = pool ? store_desktops_of(core->db, who->user, error) : NULL;
	if (!own || !add_pool(core, who, pool, own, cards, error))
		return NULL;
	/* Of a dedicated pool this may be the desktop that has taken the card's place. */
	if (cards->len > 0 && !g_str_equal(pool->kind, "machines"))
		return g_ptr_array_steal_index(cards, 0);
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "pool '%s' has no card", pool->name);
	return NULL;
}
