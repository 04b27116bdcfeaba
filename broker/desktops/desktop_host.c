/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desktop_host: a desktop leaves its host, see desktop.h. */
#include "desktops/desktop.h"

#include "desktops/turns.h"
#include "fault.h"
#include "hosts/placement.h"
#include "log.h"
#include "sessions/session.h"
#include "store_host.h"
#include "store_image.h"
#include "store_lease.h"
#include "store_pool.h"

#define BOTH_MS 10000 /* so long two hosts may say that they have the same one running */
#define LOOK_MS 200

/* To another host that shares the storage. stopped: the next start makes it known there. */
static gboolean change_host(Core *core, const StoreDesktop *row, const HostView *host,
			    gboolean stopped, GError **error)
{
	g_autoptr(PoolView) pool = store_pool(core->db, row->pool, error);
	g_autoptr(ImageView)
		image = pool ? store_image(core->db, row->image ? row->image : pool->image,
					   row->image ? row->version : pool->version, error)
			     : NULL;
	g_auto(DbTransaction) tx = {NULL};

	if (!image)
		return FALSE;
	tx = db_begin(core->db, error);
	return tx.db && store_host_unplace(core->db, row->id, error) &&
	       placement_put(core, row->id, row->pool, image, host->storage, error) &&
	       (!stopped || store_desktop_set_state(core->db, row->id, "off", "", error)) &&
	       db_commit(&tx, error);
}

/* Where it was, which it never left. */
static gboolean put_back(Core *core, const Seat *seat, const HostView *from, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);

	return tx.db && store_host_unplace(core->db, seat->row->id, error) &&
	       store_host_place(core->db, seat->row->id, seat->row->pool, from->name,
				seat->image->cpus, seat->image->memory, error) &&
	       db_commit(&tx, error);
}

/* What runs on it goes on elsewhere. In the books it is there first: whoever comes meanwhile waits
 * for this turn, and after a crash the host that does not have it is found out. */
static gboolean migrate(Core *core, const Seat *seat, const HostView *from, GError **error)
{
	const char *id = seat->row->id;
	g_autoptr(GError) why = NULL;
	g_autoptr(Seat) there = NULL;
	LogContext context = {.desktop = id, .step = "migrate"};

	if (!change_host(core, seat->row, from, FALSE, error))
		return FALSE;
	there = seat_load(core, id, &why);
	if (there && seat->ops->migrate(seat->provider, there->provider, &seat->spec, &why)) {
		log_info(&context, "moved from host %s to %s", from->name, there->host->name);
		return TRUE;
	}
	g_propagate_error(error, g_steal_pointer(&why));
	return put_back(core, seat, from, NULL) && FALSE;
}

/* Somebody looks at it in a way that goes on by itself when it is elsewhere: the gateway asks for
 * the way to it once more, which may be over another bridge. */
static gboolean follows(const Core *core, const StoreLease *lease)
{
	return session_can_swap(core, lease->protocol);
}

/* Of a drained host, which can still be asked. leased: somebody sees it, and follows(). */
static gboolean leave_drained(Core *core, const char *id, const HostView *host, gboolean leased,
			      GError **error)
{
	g_autoptr(Seat) seat = seat_load(core, id, error);
	gboolean floating = seat && g_str_equal(seat->row->kind, "floating");
	ProviderState state;

	if (!seat)
		return FALSE;
	if (floating && !seat->row->owner)
		return seat->ops->destroy(seat->provider, &seat->spec, error) &&
		       store_desktop_remove(core->db, id, error);
	if (!seat_state(seat, &state, error))
		return FALSE;
	if (!host->storage || !seat->ops->forget || state == PROVIDER_SUSPENDED ||
	    (state == PROVIDER_RUNNING && !(seat->able.caps & PROVIDER_MIGRATES)))
		return TRUE;
	if (state == PROVIDER_RUNNING)
		return migrate(core, seat, host, error);
	return floating || leased ||
	       (change_host(core, seat->row, host, TRUE, error) &&
		seat->ops->forget(seat->provider, &seat->spec, error));
}

static gboolean leave_dead(Core *core, const StoreDesktop *row, const HostView *host,
			   GError **error)
{
	if (g_str_equal(row->kind, "floating"))
		return store_desktop_remove(core->db, row->id, error);
	if (host->storage && row->identity)
		return change_host(core, row, host, TRUE, error);
	if (!row->identity) /* nothing is lost */
		return store_desktop_remove(core->db, row->id, error);
	return store_desktop_set_state(core->db, row->id, "failed", "its host is down", error);
}

gboolean desktop_leave_host(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, g_get_monotonic_time() + G_USEC_PER_SEC, error);
	g_autoptr(StoreDesktop) row = turn.turns ? store_desktop(core->db, id, error) : NULL;
	g_autoptr(StoreLease) leased = NULL;
	g_autoptr(HostView) host = NULL;
	gboolean placed;

	if (!row || !store_lease_of_desktop(core->db, id, &leased, error))
		return FALSE;
	host = store_host_of(core->db, id, &placed, NULL);
	if (!host)
		return TRUE;
	if (g_str_equal(host->state, "down"))
		return leased || leave_dead(core, row, host, error);
	return !host->drain || (leased && !follows(core, leased)) ||
	       leave_drained(core, id, host, leased != NULL, error);
}

/* TRUE: it runs here, and not where the books have it. For a moment after a migration was broken
 * off both hosts say so, one of them of what only waited for it: neither is ended then. */
static gboolean runs_here(const ProviderOps *ops, Provider *here, const Seat *booked,
			  gboolean *out_runs, GError **error)
{
	ProviderState state, there;

	for (unsigned i = 0; i < BOTH_MS; i += LOOK_MS) {
		if (!ops->state(here, &booked->spec, &state, error) ||
		    !seat_state(booked, &there, error))
			return FALSE;
		*out_runs = state == PROVIDER_RUNNING && there != PROVIDER_RUNNING;
		if (state != PROVIDER_RUNNING || there != PROVIDER_RUNNING)
			return TRUE;
		g_usleep(LOOK_MS * 1000);
	}
	g_set_error(error, FAULT, FAULT_DESKTOP, "both hosts say that it runs there");
	return FALSE;
}

gboolean desktop_found_on(Core *core, const char *id, const ProviderOps *ops, Provider *here,
			  const char *host, gboolean *out_stays, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, g_get_monotonic_time() + G_USEC_PER_SEC, error);
	g_autoptr(Seat) booked = turn.turns ? seat_load(core, id, error) : NULL;
	g_autoptr(HostView) view = booked ? store_host(core->db, host, error) : NULL;
	g_autoptr(StoreLease) leased = NULL;
	gboolean stays = FALSE;

	if (!view)
		return FALSE;
	if (booked->host && g_str_equal(booked->host->name, host)) {
		*out_stays = TRUE;
		return TRUE;
	}
	if (!runs_here(ops, here, booked, &stays, error))
		return FALSE;
	*out_stays = stays;
	if (!stays)
		return ops->forget(here, &booked->spec, error);
	return put_back(core, booked, view, error) &&
	       store_lease_of_desktop(core->db, id, &leased, error) &&
	       store_desktop_set_state(core->db, id, leased ? "in-use" : "ready", "", error) &&
	       ops->forget(booked->provider, &booked->spec, error);
}
