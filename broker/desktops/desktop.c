/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desktop: see desktop.h. Its start is in desktop_start.c, its move to another host in
 * desktop_host.c. */
#include "desktops/desktop.h"

#include "desktops/desktop_step.h"
#include "desktops/machine.h"
#include "desktops/overlay.h"
#include "desktops/turns.h"
#include "fault.h"
#include "store_plan.h"
#include "upkeep/plan.h"

gint64 desktop_deadline(const Core *core)
{
	return g_get_monotonic_time() + core->times.start * G_USEC_PER_SEC;
}

gboolean desktop_settle(Core *core, const char *id, const char *state, GError *step_error,
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
	g_auto(Turn) turn = turn_take(core, id, desktop_deadline(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	GError *step_error = NULL;

	if (!seat || !may_stop(core, seat, error))
		return FALSE;
	seat->ops->stop(seat->provider, &seat->spec, FALSE, &step_error);
	return desktop_settle(core, id, "off", step_error, error);
}

/* It may have been given to somebody else while the turn was another's. From here on it cannot be
 * used by one who is not its owner now: that takes a start, and a turn. */
static gboolean still_of(const Seat *seat, const char *owner, GError **error)
{
	if (!owner || g_strcmp0(seat->row->owner, owner) == 0)
		return TRUE;
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s is not %s's any more", seat->row->id, owner);
	return FALSE;
}

/* No session enters it in that state; a click would, which starts it, but has to wait for its turn.
 */
static gboolean take_from_use(Core *core, const Seat *seat, const char *state, const char *detail,
			      GError **error)
{
	gboolean unused;

	if (!store_desktop_set_unused(core->db, seat->row->id, state, detail, &unused, error))
		return FALSE;
	if (!unused)
		g_set_error(error, FAULT, FAULT_BUSY, "%s is in use", seat->row->name);
	return unused;
}

/* In its turn. */
static gboolean reset(Core *core, Seat *seat, GError **error)
{
	const char *id = seat->row->id;
	GError *step_error = NULL;

	if (!seat->ops->clone) {
		g_set_error(error, FAULT, FAULT_CLIENT, "%s cannot be reset", seat->row->name);
		return FALSE;
	}
	if (!take_from_use(core, seat, "resetting", "Making it fresh", error))
		return FALSE;
	overlay_reset(core, seat, &step_error);
	return desktop_settle(core, id, "off", step_error, error);
}

gboolean desktop_reset(Core *core, const char *id, const char *owner, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, desktop_deadline(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;

	return seat && still_of(seat, owner, error) && reset(core, seat, error);
}

gboolean desktop_renew(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, desktop_deadline(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	const StoreDesktop *row = seat ? seat->row : NULL;

	if (!row)
		return FALSE;
	if (row->owner || (store_desktop_clean(row) && !g_str_equal(row->state, "resetting")))
		return TRUE;
	return reset(core, seat, error);
}

gboolean desktop_roll(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, desktop_deadline(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	GError *step_error = NULL;
	gboolean withdrawn;

	if (!seat || !store_desktop_withdraw(core->db, id, &withdrawn, error))
		return FALSE;
	if (!withdrawn)
		return TRUE;
	overlay_reset(core, seat, &step_error);
	return desktop_settle(core, id, "off", step_error, error);
}

gboolean desktop_destroy(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, desktop_deadline(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;

	return seat &&
	       (!seat->ops->destroy || seat->ops->destroy(seat->provider, &seat->spec, error)) &&
	       store_desktop_remove(core->db, id, error);
}

gboolean desktop_snapshot(Core *core, const char *id, const char *owner, ProviderSnapshot deed,
			  const char *name, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, desktop_deadline(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	GError *step_error = NULL;

	if (!seat || !still_of(seat, owner, error))
		return FALSE;
	if (!(seat->able.caps & PROVIDER_SNAPSHOTS)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "%s: %s keeps no snapshots",
			    seat->row->name, seat->able.name);
		return FALSE;
	}
	if (deed != PROVIDER_REVERT)
		return seat->ops->snapshot(seat->provider, &seat->spec, deed, name, error);
	if (!take_from_use(core, seat, "off", "Going back to a snapshot", error))
		return FALSE;
	seat->ops->snapshot(seat->provider, &seat->spec, deed, name, &step_error);
	return desktop_settle(core, id, "off", step_error, error);
}

/* Nobody was there to shut it down: a failure, so that it is not started again and again. */
static gboolean stopped_by_itself(Core *core, const Seat *seat, GError **error)
{
	g_autoptr(GError) why = g_error_new(
		FAULT, FAULT_DESKTOP, "%s stopped by itself while nobody used it", seat->row->name);

	if (!store_desktop_set_state(core->db, seat->row->id, "failed", why->message, error))
		return FALSE;
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

gboolean desktop_check(Core *core, const char *id, GError **error)
{
	g_auto(Turn) turn = turn_take(core, id, desktop_deadline(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	ProviderState state;

	if (!seat || !seat_state(seat, &state, error))
		return FALSE;
	if (state == PROVIDER_RUNNING || state == PROVIDER_SUSPENDED ||
	    !(g_str_equal(seat->row->state, "ready") || g_str_equal(seat->row->state, "in-use")))
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
	if (!seat_state(seat, &state, error))
		return;
	if (state == PROVIDER_RUNNING)
		seat->ops->suspend(seat->provider, &seat->spec, error);
	else if (state != PROVIDER_SUSPENDED)
		*out_state = "off";
}

static void plan_reset(Core *core, Seat *seat, GError **error)
{
	if (store_desktop_set_state(core->db, seat->row->id, "resetting", "Making it fresh", error))
		overlay_reset(core, seat, error);
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
	g_auto(Turn) turn = turn_take(core, id, desktop_deadline(core), error);
	g_autoptr(Seat) seat = turn.turns ? seat_load(core, id, error) : NULL;
	g_autofree char *action = NULL;
	const char *state = "off";
	GError *step_error = NULL;
	gint64 now = core_now();

	if (!seat || !store_plan_get_due(core->db, id, now, &action, error))
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
	return desktop_settle(core, id, state, step_error, error) &&
	       store_plan_done(core->db, id, now, error);
}
