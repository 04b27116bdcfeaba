/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desktop: see desktop.h. */
#include "desktop.h"

#include <unistd.h>

#include "bridges.h"
#include "fault.h"
#include "log.h"
#include "machine.h"
#include "maintainer.h"
#include "plan.h"
#include "placement.h"
#include "store_host.h"
#include "store_image.h"
#include "store_lease.h"
#include "store_pool.h"
#include "seat.h"
#include "store_plan.h"

#define SLICE 3 /* s: of waiting for a display */

/* ---- turns: one step at a time for each desktop */

struct Turns {
	GMutex lock;
	GCond freed;
	GHashTable *taken; /* a set of ids */
};

typedef struct {
	Turns *turns; /* NULL = not taken */
	Db *db;
	char *id;
} Turn;

Turns *turns_new(void)
{
	Turns *turns = g_new0(Turns, 1);

	g_mutex_init(&turns->lock);
	g_cond_init(&turns->freed);
	turns->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return turns;
}

void turns_free(Turns *turns)
{
	if (!turns)
		return;
	g_hash_table_destroy(turns->taken);
	g_mutex_clear(&turns->lock);
	g_cond_clear(&turns->freed);
	g_free(turns);
}

static char *lock_of(const char *id)
{
	return g_strconcat("desktop ", id, NULL);
}

/* The same among brokers. */
static gboolean take_from_others(Core *core, const char *id, gint64 deadline)
{
	g_autofree char *lock = lock_of(id);
	gboolean mine = FALSE;

	while (db_hold(core->db, lock, &mine, NULL) && !mine &&
		g_get_monotonic_time() < deadline && !maintainer_stopping(core->maintainer))
		g_usleep(G_USEC_PER_SEC / 20);
	return mine;
}

static void give_back(Turns *turns, const char *id)
{
	g_mutex_lock(&turns->lock);
	g_hash_table_remove(turns->taken, id);
	g_cond_broadcast(&turns->freed);
	g_mutex_unlock(&turns->lock);
}

static Turn turn_take(Core *core, const char *id, gint64 deadline, GError **error)
{
	Turns *turns = core->turns;
	gboolean mine = TRUE;

	g_mutex_lock(&turns->lock);
	while (g_hash_table_contains(turns->taken, id) && mine)
		mine = g_cond_wait_until(&turns->freed, &turns->lock, deadline);
	if (mine)
		g_hash_table_add(turns->taken, g_strdup(id));
	g_mutex_unlock(&turns->lock);
	if (mine && take_from_others(core, id, deadline))
		return (Turn){turns, core->db, g_strdup(id)};
	if (mine)
		give_back(turns, id);
	g_set_error(error, FAULT, FAULT_TIMEOUT, "desktop %s is busy with another step", id);
	return (Turn){NULL, NULL, NULL};
}

static void turn_clear(Turn *turn)
{
	g_autofree char *lock = turn->turns ? lock_of(turn->id) : NULL;

	if (!turn->turns)
		return;
	db_drop(turn->db, lock);
	give_back(turn->turns, turn->id);
	g_free(turn->id);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Turn, turn_clear)

static gint64 deadline_of(const Core *core)
{
	return g_get_monotonic_time() + core->times.start * G_USEC_PER_SEC;
}

/* The step's end: its state, or "failed" and why. Takes step_error; FALSE if there was one. */
static gboolean settle(Core *core, const char *id, const char *state, GError *step_error,
	GError **error)
{
	g_autoptr(GError) ignored = NULL;

	if (!step_error)
		return store_desktop_set_state(core->db, id, state, "", error);
	/* The step's error is the one to tell, also if the database fails now. */
	store_desktop_set_state(core->db, id, "failed", step_error->message, &ignored);
	g_propagate_error(error, step_error);
	return FALSE;
}

/* ---- start */

static gboolean provider_state(const Seat *seat, ProviderState *out, GError **error)
{
	return seat->ops->state(seat->provider, &seat->spec, out, error);
}

/* With an overlay of its own, known by its identity; machines have none. */
static gboolean made(const Seat *seat)
{
	return !seat->ops->clone || seat->row->identity;
}

static gboolean unused(const Seat *seat)
{
	return seat->row->identity && store_desktop_clean(seat->row);
}

/* Nobody's work is in it, and there is something newer, or quicker: not worth a start. */
static gboolean outdated(const Seat *seat)
{
	return unused(seat) && g_str_equal(seat->row->kind, "floating") &&
	       (seat_elsewhere(seat->row, seat->pool) ||
		       (seat->spec.image.instant && seat->ops->prepared &&
			       seat->ops->prepared(seat->provider, &seat->spec.image)));
}

static void log_boots(const Seat *seat, const GError *why)
{
	LogContext context = {.desktop = seat->row->id, .step = "clone"};

	log_info(&context, "no instant clone, it boots: %s", why->message);
}

/* Where there is nothing to copy, it is made to boot. */
static gboolean make_clone(Seat *seat,
	gboolean (*make)(Provider *, const ProviderDesktop *, char **, GError **),
	char **out_identity, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (seat->spec.image.instant) {
		if (make(seat->provider, &seat->spec, out_identity, &why))
			return TRUE;
		log_boots(seat, why);
		seat->spec.image.instant = FALSE;
	}
	return make(seat->provider, &seat->spec, out_identity, error);
}

/* Makes it anew from what is published, `again` if it was there before. Its identity is forgotten
 * first: whatever lies there when we are cut short is not to be started. */
static gboolean renew(Core *core, Seat *seat, gboolean again, char **out_identity, GError **error)
{
	/* What the old image's place holds of it is found by that image. */
	gboolean moves = seat_elsewhere(seat->row, seat->pool);
	const ProviderOps *ops = seat->ops;

	if (!store_desktop_clear_identity(core->db, seat->row->id, error))
		return FALSE;
	if ((moves || (again && !ops->reset)) && !ops->destroy(seat->provider, &seat->spec, error))
		return FALSE;
	seat_renew(seat);
	return make_clone(seat, again && ops->reset && !moves ? ops->reset : ops->clone, out_identity,
		error);
}

static gboolean record(Core *core, Seat *seat, const char *identity, GError **error)
{
	if (!store_desktop_set_identity(core->db, seat->row->id, identity, seat->published->name,
		    seat->published->version, error))
		return FALSE;
	g_free(seat->row->identity);
	seat->row->identity = g_strdup(identity);
	return TRUE;
}

static gboolean make(Core *core, Seat *seat, GError **error)
{
	g_autofree char *identity = NULL;

	if (made(seat) && !outdated(seat))
		return TRUE;
	return store_desktop_set_state(core->db, seat->row->id, "starting",
		       "Preparing your desktop", error) &&
	       renew(core, seat, FALSE, &identity, error) && record(core, seat, identity, error);
}

/* An instant clone that does not come to life, or has not become another, is nobody's: it is made
 * anew to boot. */
static gboolean start(Core *core, Seat *seat, GError **error)
{
	g_autofree char *identity = NULL;
	g_autoptr(GError) why = NULL;

	if (seat->ops->start(seat->provider, &seat->spec, &why))
		return TRUE;
	if (!seat->spec.image.instant || !unused(seat)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	log_boots(seat, why);
	seat->boots = TRUE;
	return renew(core, seat, TRUE, &identity, error) && record(core, seat, identity, error) &&
	       seat->ops->start(seat->provider, &seat->spec, error);
}

static gboolean power_on(Core *core, Seat *seat, GError **error)
{
	ProviderState state;

	if (!provider_state(seat, &state, error))
		return FALSE;
	if (state == PROVIDER_RUNNING)
		return TRUE;
	if (state == PROVIDER_ABSENT && seat->row->identity && seat->host && seat->host->storage &&
		seat->ops->adopt) {
		if (!seat->ops->adopt(seat->provider, &seat->spec, seat->row->identity, error))
			return FALSE;
		state = PROVIDER_STOPPED;
	}
	if (state == PROVIDER_ABSENT) {
		g_set_error(error, FAULT, FAULT_DESKTOP,
			"%s: the provider does not know it any more", seat->row->name);
		return FALSE;
	}
	return store_desktop_set_state(core->db, seat->row->id, "starting",
		       "Starting your desktop", error) &&
	       start(core, seat, error);
}

/* In slices, so that a broker that stops need not wait. A driver that gives up before its time has
 * found a reason for it: that is final. */
static gboolean await_display(Core *core, Seat *seat, const char *protocol, gint64 deadline,
	GError **error)
{
	unsigned displays = seat->ops->displays(seat->provider, &seat->spec);
	const char *wanted = bridges_source(core, displays, protocol ? protocol : "vnc");

	for (;;) {
		gint64 now = g_get_monotonic_time();
		gint64 left = (deadline - now) / G_USEC_PER_SEC;
		unsigned slice = (unsigned)CLAMP(left, 1, SLICE);
		g_autoptr(GError) why = NULL;
		g_auto(Endpoint) endpoint = {0};
		int fd = -1;

		if (seat->ops->display(seat->provider, &seat->spec, wanted, slice, &endpoint, &fd,
			    &why)) {
			if (fd >= 0)
				close(fd);
			return TRUE;
		}
		if (left <= slice || maintainer_stopping(core->maintainer) ||
			!seat_powered(seat) ||
			g_get_monotonic_time() - now < slice * G_USEC_PER_SEC * 9 / 10) {
			g_propagate_error(error, g_steal_pointer(&why));
			return FALSE;
		}
	}
}

/* A floating desktop that its provider lost is no loss, if nobody's work is in it. */
static gboolean forget_lost(Core *core, Seat *seat, GError **error)
{
	ProviderState state;

	if (!seat->row->identity || !g_str_equal(seat->row->kind, "floating") ||
		!store_desktop_clean(seat->row))
		return TRUE;
	if (!provider_state(seat, &state, error))
		return FALSE;
	if (state == PROVIDER_ABSENT)
		g_clear_pointer(&seat->row->identity, g_free);
	return TRUE;
}

gboolean desktop_start(Core *core, const char *id, const char *protocol, GError **error)
{
	gint64 deadline = deadline_of(core);
	g_auto(Turn) turn = turn_take(core, id, deadline, error);
	g_autoptr(Seat) seat = NULL;
	GError *step_error = NULL;
	ProviderState state;
	gboolean powered, settled;

	if (!turn.turns)
		return FALSE;
	seat = seat_load(core, id, error);
	if (!seat)
		return FALSE;
	if (!seat->row->owner && !store_desktop_clean(seat->row)) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s must be reset first", seat->row->name);
		return FALSE;
	}
	settled = made(seat) && (g_str_equal(seat->row->state, "ready") ||
					g_str_equal(seat->row->state, "in-use"));
	powered = seat_powered(seat);
	/* A machine that is simply there tells only by its display whether it is. */
	if (settled && !powered)
		return await_display(core, seat, protocol, deadline, error);
	if (settled && provider_state(seat, &state, NULL) && state == PROVIDER_RUNNING)
		return TRUE;
	if ((!powered || (forget_lost(core, seat, &step_error) && make(core, seat, &step_error) &&
				 power_on(core, seat, &step_error))) &&
		store_desktop_set_state(core->db, id, "starting", "Waiting for its display",
			&step_error))
		await_display(core, seat, protocol, deadline, &step_error);
	return settle(core, id, "ready", step_error, error);
}

/* ---- the other steps */

/* Not what cannot be, nor a computer at which somebody sits. */
static gboolean may_stop(Core *core, const Seat *seat, GError **error)
{
	gboolean nobody = TRUE;

	if (seat->machine && !machine_free_for(core, seat->row->id, NULL, &nobody, error))
		return FALSE;
	if (!nobody) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s sits at %s", seat->machine->local_user,
			seat->row->name);
		return FALSE;
	}
	if (!seat->ops->stop || !seat_powered(seat)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "%s cannot be stopped from here",
			seat->row->name);
		return FALSE;
	}
	return TRUE;
}

gboolean desktop_stop(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, deadline_of(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	GError *step_error = NULL;

	if (!seat || !may_stop(core, seat, error))
		return FALSE;
	seat->ops->stop(seat->provider, &seat->spec, FALSE, &step_error);
	return settle(core, id, "off", step_error, error);
}

static gboolean reset_proven(Core *core, Seat *seat, GError **error)
{
	g_autofree char *identity = NULL;

	if (!renew(core, seat, TRUE, &identity, error))
		return FALSE;
	if (!identity || !*identity || g_strcmp0(identity, seat->row->identity) == 0 ||
		g_strcmp0(identity, seat->row->used) == 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP,
			"%s: the reset has not proven a fresh overlay", seat->row->name);
		return FALSE;
	}
	return record(core, seat, identity, error);
}

gboolean desktop_reset(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, deadline_of(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	GError *step_error = NULL;

	if (!seat)
		return FALSE;
	if (!seat->ops->clone) {
		g_set_error(error, FAULT, FAULT_CLIENT, "%s cannot be reset", seat->row->name);
		return FALSE;
	}
	if (g_str_equal(seat->row->state, "in-use")) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s is in use", seat->row->name);
		return FALSE;
	}
	if (!store_desktop_set_state(core->db, id, "resetting", "Making it fresh", error))
		return FALSE;
	reset_proven(core, seat, &step_error);
	return settle(core, id, "off", step_error, error);
}

gboolean desktop_roll(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, deadline_of(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	GError *step_error = NULL;
	gboolean withdrawn;

	if (!seat || !store_desktop_withdraw(core->db, id, &withdrawn, error))
		return FALSE;
	if (!withdrawn)
		return TRUE;
	reset_proven(core, seat, &step_error);
	return settle(core, id, "off", step_error, error);
}

gboolean desktop_destroy(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, deadline_of(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;

	return seat &&
	       (!seat->ops->destroy ||
		       seat->ops->destroy(seat->provider, &seat->spec, error)) &&
	       store_desktop_remove(core->db, id, error);
}

/* ---- hosts */

/* To another host that shares the storage; the next start makes it known there. */
static gboolean change_host(Core *core, const StoreDesktop *row, const HostView *host,
	GError **error)
{
	g_autoptr(PoolView) pool = store_pool(core->db, row->pool, error);
	g_autoptr(ImageView) image =
		pool ? store_image(core->db, row->image ? row->image : pool->image,
			       row->image ? row->version : pool->version, error)
		     : NULL;
	g_auto(DbTransaction) tx = {NULL};

	if (!image)
		return FALSE;
	tx = db_begin(core->db, error);
	return tx.db &&
	       placement_put(core, row->id, row->pool, image, host->storage, error) &&
	       store_desktop_set_state(core->db, row->id, "off", "", error) &&
	       db_commit(&tx, error);
}

/* Where it was, which it never left. */
static gboolean put_back(Core *core, const Seat *seat, const HostView *from)
{
	g_auto(DbTransaction) tx = db_begin(core->db, NULL);

	return tx.db &&
	       store_host_place(core->db, seat->row->id, seat->row->pool, from->name,
		       seat->image->cpus, seat->image->memory, NULL) &&
	       db_commit(&tx, NULL);
}

/* What runs on it goes on elsewhere. In the books it is there first: whoever comes meanwhile waits for
 * this turn, and after a crash the host that does not have it is found out. */
static gboolean migrate(Core *core, const Seat *seat, const HostView *from, GError **error)
{
	const char *id = seat->row->id;
	g_autofree char *state = g_strdup(seat->row->state);
	g_autoptr(GError) why = NULL;
	g_autoptr(Seat) there = NULL;
	LogContext context = {.desktop = id, .step = "migrate"};

	if (!change_host(core, seat->row, from, error) ||
		!store_desktop_set_state(core->db, id, state, "", error))
		return FALSE;
	there = seat_load(core, id, &why);
	if (there && seat->ops->migrate(seat->provider, there->provider, &seat->spec, &why)) {
		log_info(&context, "moved from host %s to %s", from->name, there->host->name);
		return TRUE;
	}
	g_propagate_error(error, g_steal_pointer(&why));
	return put_back(core, seat, from) && FALSE;
}

/* Of a drained host, which can still be asked. */
static gboolean leave_drained(Core *core, const char *id, const HostView *host, GError **error)
{
	g_autoptr(Seat) seat = seat_load(core, id, error);
	gboolean floating = seat && g_str_equal(seat->row->kind, "floating");
	ProviderState state;

	if (!seat)
		return FALSE;
	if (floating)
		return seat->row->owner || (seat->ops->destroy(seat->provider, &seat->spec, error) &&
						   store_desktop_remove(core->db, id, error));
	if (!provider_state(seat, &state, error))
		return FALSE;
	if (!host->storage || !seat->ops->forget || state == PROVIDER_SUSPENDED ||
		(state == PROVIDER_RUNNING && !seat->ops->migrate))
		return TRUE;
	if (state == PROVIDER_RUNNING)
		return migrate(core, seat, host, error);
	return change_host(core, seat->row, host, error) &&
	       seat->ops->forget(seat->provider, &seat->spec, error);
}

static gboolean leave_dead(Core *core, const StoreDesktop *row, const HostView *host,
	GError **error)
{
	if (g_str_equal(row->kind, "floating"))
		return store_desktop_remove(core->db, row->id, error);
	if (host->storage && row->identity)
		return change_host(core, row, host, error);
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
	if (leased || !host)
		return TRUE;
	if (g_str_equal(host->state, "down"))
		return leave_dead(core, row, host, error);
	return !host->drain || leave_drained(core, id, host, error);
}

gboolean desktop_snapshot(Core *core, const char *id, ProviderSnapshot deed, const char *name,
	GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, deadline_of(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	GError *step_error = NULL;

	if (!seat)
		return FALSE;
	if (!seat->ops->snapshot) {
		g_set_error(error, FAULT, FAULT_CLIENT, "%s keeps no snapshots", seat->row->name);
		return FALSE;
	}
	if (deed != PROVIDER_REVERT)
		return seat->ops->snapshot(seat->provider, &seat->spec, deed, name, error);
	if (g_str_equal(seat->row->state, "in-use")) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s is in use", seat->row->name);
		return FALSE;
	}
	seat->ops->snapshot(seat->provider, &seat->spec, deed, name, &step_error);
	return settle(core, id, "off", step_error, error);
}

/* Nobody was there to shut it down: a failure, so that it is not started again and again. */
static gboolean stopped_by_itself(Core *core, const Seat *seat, GError **error)
{
	g_autoptr(GError) why = g_error_new(FAULT, FAULT_DESKTOP,
		"%s stopped by itself while nobody used it", seat->row->name);

	if (!store_desktop_set_state(core->db, seat->row->id, "failed", why->message, error))
		return FALSE;
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

gboolean desktop_check(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, deadline_of(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	ProviderState state;

	if (!seat || !provider_state(seat, &state, error))
		return FALSE;
	if (state == PROVIDER_RUNNING || state == PROVIDER_SUSPENDED || !(g_str_equal(seat->row->state, "ready") ||
						 g_str_equal(seat->row->state, "in-use")))
		return TRUE;
	if (!seat->row->owner && seat->ops->clone)
		return stopped_by_itself(core, seat, error);
	return store_desktop_set_state(core->db, id, "off", "It was shut down", error) &&
	       plan_shut_down(core, id, error);
}

/* ---- a plan's step */

static void plan_suspend(Seat *seat, const char **out_state, GError **error)
{
	ProviderState state;

	*out_state = "suspended";
	if (provider_state(seat, &state, error) && state == PROVIDER_RUNNING)
		seat->ops->suspend(seat->provider, &seat->spec, error);
	else if (state != PROVIDER_SUSPENDED)
		*out_state = "off";
}

static void plan_reset(Core *core, Seat *seat, GError **error)
{
	if (store_desktop_set_state(core->db, seat->row->id, "resetting", "Making it fresh", error))
		reset_proven(core, seat, error);
}

/* It is nobody's first: who clicks now gets another one. */
static gboolean plan_delete(Core *core, Seat *seat, GError **error)
{
	gboolean taken;

	if (!store_plan_take(core->db, seat->row->id, core_now(), &taken, error))
		return FALSE;
	return !taken || (seat->ops->destroy(seat->provider, &seat->spec, error) &&
				 store_desktop_remove(core->db, seat->row->id, error));
}

gboolean desktop_plan(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, deadline_of(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	g_autofree char *action = NULL;
	const char *state = "off";
	GError *step_error = NULL;

	if (!seat || !store_plan_get_due(core->db, id, core_now(), &action, error))
		return FALSE;
	if (!action || g_str_equal(seat->row->state, "in-use"))
		return TRUE;
	if (g_str_equal(action, "delete"))
		return plan_delete(core, seat, error);
	if (g_str_equal(action, "suspend"))
		plan_suspend(seat, &state, &step_error);
	else if (g_str_equal(action, "reset"))
		plan_reset(core, seat, &step_error);
	else if (may_stop(core, seat, NULL))
		seat->ops->stop(seat->provider, &seat->spec, FALSE, &step_error);
	else
		state = seat->row->state;
	return settle(core, id, state, step_error, error) &&
	       store_plan_set_due(core->db, id, NULL, 0, error);
}
