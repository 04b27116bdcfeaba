/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reconcile: see reconcile.h. Leases are not its business: the gateways will tell which of them
 * still live (session.c), and until then their desktops stay in use.
 */
#include "reconcile.h"

#include "brokers.h"
#include "fault.h"
#include "log.h"
#include "plan.h"
#include "seat.h"
#include "providers.h"
#include "store_desktop.h"
#include "store_lease.h"
#include "store_pool.h"

/* One that runs without an identity was to be made anew: it is not to be used as it is. */
static const char *state_found(const Seat *seat, gboolean leased, ProviderState state)
{
	if (state == PROVIDER_SUSPENDED)
		return leased ? "in-use" : "suspended";
	if (state != PROVIDER_RUNNING)
		return "off";
	if (seat && seat->ops->clone && !seat->row->identity)
		return store_desktop_clean(seat->row) ? "off" : "resetting";
	return leased ? "in-use" : "ready";
}

static gboolean left(Core *core, const char *id, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);

	return tx.db && plan_leave(core, id, PLAN_DISCONNECT, 0, error) && db_commit(&tx, error);
}

/* What a desktop really is now. Steps that the broker did not finish are begun anew by whoever
 * wants the desktop next: the maintainer or its user. */
static gboolean reconcile_desktop(Core *core, const StoreDesktop *row, gint64 now, GError **error)
{
	g_autoptr(StoreLease) leased = NULL;
	g_autoptr(GError) why = NULL;
	g_autoptr(Seat) seat = seat_load(core, row->id, &why);
	ProviderState state = PROVIDER_ABSENT;
	gboolean lost;

	if (!store_lease_of_desktop(core->db, row->id, &leased, error))
		return FALSE;
	if (seat && (seat->machine || !(seat->ops->caps & PROVIDER_POWER)))
		state = PROVIDER_RUNNING; /* told by its display, when somebody comes */
	else if (!seat || !seat->ops->state(seat->provider, &seat->spec, &state, &why))
		return store_desktop_set_state(core->db, row->id, "failed", why->message, error);
	lost = state == PROVIDER_ABSENT && row->identity && seat->ops->clone;
	if (lost && g_str_equal(row->kind, "floating") && store_desktop_clean(row) &&
		!store_desktop_clear_identity(core->db, row->id, error))
		return FALSE;
	if (!store_desktop_set_state(core->db, row->id, state_found(seat, leased != NULL, state),
		    "", error))
		return FALSE;
	/* Somebody was in it and has no session any more: a short grace, as after any session. */
	if (row->owner && row->held_until == 0 && !leased)
		return left(core, row->id, error);
	return TRUE;
}

/* *out_mine: this broker sees to it: it lives here or, if we lead, on no broker's machine. One of
 * before there were several brokers is ours. */
static gboolean claim(Core *core, const StoreDesktop *row, const GPtrArray *pools,
	gboolean *out_mine, GError **error)
{
	gboolean local = FALSE;

	for (guint i = 0; i < pools->len; i++) {
		PoolView *pool = pools->pdata[i];

		local |= g_str_equal(pool->name, row->pool) && seat_pool_local(pool);
	}
	*out_mine = row->broker ? seat_in_reach(core, row) : local || brokers_lead(core->brokers);
	if (!local || row->broker)
		return TRUE;
	return store_desktop_set_broker(core->db, row->id, brokers_name(core->brokers), error);
}

static gboolean in_books(Core *core, const char *id)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreDesktop) row = store_desktop(core->db, id, &error);

	return row || !g_error_matches(error, FAULT, FAULT_NOT_FOUND);
}

/* What the driver has and the books do not: made by a broker that crashed before it wrote it
 * down, or left by a removal that was cut short. */
static void destroy_orphans(Core *core, const PoolView *pool, const GHashTable *known)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) ids = NULL;
	const ProviderOps *ops;
	Provider *provider;

	if (!providers_get(core->providers, pool->provider, pool->uri, &ops, &provider, &error)) {
		log_warning(NULL, "provider %s %s: %s", pool->provider, pool->uri, error->message);
		return;
	}
	if (!ops->list || !ops->destroy)
		return;
	ids = ops->list(provider, &error);
	if (!ids)
		log_warning(NULL, "provider %s %s: %s", pool->provider, pool->uri, error->message);
	for (guint i = 0; ids && i < ids->len; i++) {
		const char *id = ids->pdata[i];
		ProviderDesktop spec = {.id = id, .name = id};
		LogContext context = {.desktop = id, .step = "reconcile"};

		/* One that another broker has just made is in the books by now. */
		if (g_hash_table_contains((GHashTable *)known, id) || in_books(core, id))
			continue;
		g_clear_error(&error);
		if (ops->destroy(provider, &spec, &error))
			log_info(&context, "destroyed: the books do not know it");
		else
			log_warning(&context, "unknown, and not destroyed: %s", error->message);
	}
}

gboolean reconcile(Core *core, GError **error)
{
	g_autoptr(GPtrArray) rows = store_desktops(core->db, NULL, error);
	g_autoptr(GPtrArray) pools = rows ? store_pools(core->db, error) : NULL;
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gint64 now = core_now();

	if (!pools)
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		StoreDesktop *row = rows->pdata[i];
		gboolean mine;

		g_hash_table_add(known, row->id);
		if (!claim(core, row, pools, &mine, error) ||
			(mine && !reconcile_desktop(core, row, now, error)))
			return FALSE;
	}
	for (guint i = 0; i < pools->len; i++) {
		PoolView *pool = pools->pdata[i];

		if ((seat_pool_local(pool) || brokers_lead(core->brokers)) &&
			g_hash_table_add(asked, g_strconcat(pool->provider, " ", pool->uri, NULL)))
			destroy_orphans(core, pool, known);
	}
	return TRUE;
}
