/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reconcile: see reconcile.h. Leases are not its business: the gateways will tell which of them
 * still live (session.c), and until then their desktops stay in use.
 */
#include "upkeep/reconcile.h"

#include "desktops/desktop.h"
#include "desktops/seat.h"
#include "fault.h"
#include "hosts/providers.h"
#include "log.h"
#include "store_desktop.h"
#include "store_host.h"
#include "store_lease.h"
#include "store_pool.h"
#include "upkeep/brokers.h"
#include "upkeep/plan.h"

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

/* Nobody else's broker may be at it: it lives here, or there is no other one. */
static gboolean ours_alone(Core *core, const StoreDesktop *row)
{
	return row->broker || !db_shared(core->db);
}

/* What was about to be made anew when the broker was killed is nobody's, and has its memory and
 * its disk until somebody wants the desktop, which may be never. On our own machine a directory may
 * be there of which the driver says that it is no desktop yet. */
static gboolean clear_half_made(Core *core, Seat *seat, ProviderState *state, GError **error)
{
	const StoreDesktop *row = seat->row;

	if (!seat->ops->clone || row->identity || !store_desktop_clean(row) ||
	    !ours_alone(core, row) ||
	    (*state == PROVIDER_ABSENT && !(seat->ops->caps & PROVIDER_LOCAL)))
		return TRUE;
	*state = PROVIDER_ABSENT;
	return seat->ops->destroy(seat->provider, &seat->spec, error);
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
	if (seat && (seat->machine || !(seat->able.caps & PROVIDER_POWER)))
		state = PROVIDER_RUNNING; /* told by its display, when somebody comes */
	else if (!seat || !seat->ops->state(seat->provider, &seat->spec, &state, &why) ||
		 !clear_half_made(core, seat, &state, &why))
		return store_desktop_set_state(core->db, row->id, "failed", why->message, error);
	lost = state == PROVIDER_ABSENT && row->identity && seat->ops->clone;
	if (lost && g_str_equal(row->kind, "floating") && store_desktop_clean(row) &&
	    !store_desktop_clear_identity(core->db, row->id, error))
		return FALSE;
	if (!store_desktop_set_state(core->db, row->id, state_found(seat, leased != NULL, state),
				     "", error))
		return FALSE;
	if (!leased && ours_alone(core, row) && !store_desktop_unask(core->db, row->id, now, error))
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

/* What the driver has and the books have elsewhere: its host was down, and others share the
 * storage. */
static gboolean moved_away(Core *core, const char *id, const char *host)
{
	gboolean placed;
	g_autoptr(HostView) now = store_host_of(core->db, id, &placed, NULL);

	return host && now && !g_str_equal(now->name, host);
}

/* It stays where it runs. */
static void end_double(Core *core, const ProviderOps *ops, Provider *provider, const char *id,
		       const char *host)
{
	LogContext context = {.desktop = id, .step = "reconcile"};
	g_autoptr(GError) error = NULL;
	gboolean stays = FALSE;

	if (!desktop_found_on(core, id, ops, provider, host, &stays, &error))
		log_warning(&context, "on host %s, and in the books on another: %s", host,
			    error->message);
	else
		log_info(&context,
			 stays ? "runs on host %s, and stays there"
			       : "forgotten on host %s: it is on another by now",
			 host);
}

/* What the driver has and the books do not: made by a broker that crashed before it wrote it
 * down, or left by a removal that was cut short. */
static void end_orphan(Core *core, const ProviderOps *ops, Provider *provider, const char *id,
		       const char *host)
{
	ProviderDesktop spec = {.id = id, .name = id};
	LogContext context = {.desktop = id, .step = "reconcile"};
	g_autoptr(GError) error = NULL;

	if (in_books(core, id)) {
		if (ops->forget && moved_away(core, id, host))
			end_double(core, ops, provider, id, host);
		return;
	}
	if (ops->destroy(provider, &spec, &error))
		log_info(&context, "destroyed: the books do not know it");
	else
		log_warning(&context, "unknown, and not destroyed: %s", error->message);
}

void reconcile_orphans(Core *core, const char *name, const char *uri, const char *host)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) ids = NULL;
	const ProviderOps *ops;
	Provider *provider;

	if (!providers_get(core->providers, name, uri, &ops, &provider, &error)) {
		log_warning(NULL, "provider %s %s: %s", name, uri, error->message);
		return;
	}
	if (!ops->list || !ops->destroy)
		return;
	ids = ops->list(provider, &error);
	if (!ids)
		log_warning(NULL, "provider %s %s: %s", name, uri, error->message);
	for (guint i = 0; ids && i < ids->len; i++)
		end_orphan(core, ops, provider, ids->pdata[i], host);
}

/* Every place where one of our desktops may be, once. */
static gboolean all_orphans(Core *core, const GPtrArray *pools, GError **error)
{
	g_autoptr(GHashTable) asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) hosts = store_hosts(core->db, error);
	gboolean lead = brokers_lead(core->brokers);

	for (guint i = 0; hosts && i < hosts->len; i++) {
		HostView *host = hosts->pdata[i];

		if ((host->broker ? g_str_equal(host->broker, brokers_name(core->brokers))
				  : lead) &&
		    g_str_equal(host->state, "up") &&
		    g_hash_table_add(asked, g_strconcat(host->provider, " ", host->uri, NULL)))
			reconcile_orphans(core, host->provider, host->uri, host->name);
	}
	for (guint i = 0; hosts && i < pools->len; i++) {
		PoolView *pool = pools->pdata[i];
		g_auto(PoolHostsView) on = {0};

		if (!store_host_of_pool(core->db, pool->name, &on, error))
			return FALSE;
		if (!*on.hosts && (seat_pool_local(pool) || lead) &&
		    g_hash_table_add(asked, g_strconcat(pool->provider, " ", pool->uri, NULL)))
			reconcile_orphans(core, pool->provider, pool->uri, NULL);
	}
	return hosts != NULL;
}

gboolean reconcile(Core *core, GError **error)
{
	g_autoptr(GPtrArray) rows = store_desktops(core->db, NULL, error);
	g_autoptr(GPtrArray) pools = rows ? store_pools(core->db, error) : NULL;
	gint64 now = core_now();

	if (!pools)
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		StoreDesktop *row = rows->pdata[i];
		gboolean mine;

		if (!claim(core, row, pools, &mine, error) ||
		    (mine && !reconcile_desktop(core, row, now, error)))
			return FALSE;
	}
	return (!brokers_lead(core->brokers) || store_host_recount(core->db, error)) &&
	       all_orphans(core, pools, error);
}
