/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desktop_start: makes, starts and awaits a desktop, see desktop.h. */
#include "desktops/desktop.h"

#include <unistd.h>

#include "bridges/bridges.h"
#include "desktops/desktop_step.h"
#include "desktops/overlay.h"
#include "desktops/turns.h"
#include "fault.h"
#include "upkeep/maintainer.h"

#define SLICE 3 /* s: of waiting for a display */

static gboolean start(Core *core, Seat *seat, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (seat->ops->start(seat->provider, &seat->spec, &why))
		return TRUE;
	return overlay_boot_instead(core, seat, g_steal_pointer(&why), error) &&
	       seat->ops->start(seat->provider, &seat->spec, error);
}

static gboolean power_on(Core *core, Seat *seat, GError **error)
{
	ProviderState state;

	if (!seat_state(seat, &state, error))
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
	return store_desktop_set_state(core->db, seat->row->id, "starting", "Starting your desktop",
				       error) &&
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

		if (seat->ops->display(seat->provider, &seat->spec, wanted, FALSE, slice, &endpoint,
				       &fd, &why)) {
			if (fd >= 0)
				close(fd);
			return TRUE;
		}
		if (left <= slice || maintainer_stopping(core->maintainer) || !seat_powered(seat) ||
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
	if (!seat_state(seat, &state, error))
		return FALSE;
	if (state == PROVIDER_ABSENT)
		g_clear_pointer(&seat->row->identity, g_free);
	return TRUE;
}

gboolean desktop_start(Core *core, const char *id, const char *protocol, GError **error)
{
	gint64 deadline = desktop_deadline(core);
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
	settled = overlay_made(seat) && (g_str_equal(seat->row->state, "ready") ||
					 g_str_equal(seat->row->state, "in-use"));
	powered = seat_powered(seat);
	/* A machine that is simply there tells only by its display whether it is. */
	if (settled && !powered)
		return await_display(core, seat, protocol, deadline, error);
	if (settled && seat_state(seat, &state, NULL) && state == PROVIDER_RUNNING)
		return TRUE;
	if ((!powered ||
	     (forget_lost(core, seat, &step_error) && overlay_make(core, seat, &step_error) &&
	      power_on(core, seat, &step_error))) &&
	    store_desktop_set_state(core->db, id, "starting", "Waiting for its display",
				    &step_error))
		await_display(core, seat, protocol, deadline, &step_error);
	return desktop_settle(core, id, "ready", step_error, error);
}
