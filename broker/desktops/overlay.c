/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overlay: see overlay.h. */
#include "desktops/overlay.h"

#include "fault.h"
#include "log.h"
#include "store_desktop.h"

gboolean overlay_made(const Seat *seat)
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

typedef gboolean (*Make)(Provider *, const ProviderDesktop *, char **, GError **);

/* Where there is nothing to copy, it is made to boot. */
static gboolean make_clone(Seat *seat, Make make, char **out_identity, GError **error)
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

/* Before it is made anew: whatever lies there when we are cut short is not to be started. */
static gboolean forget_identity(Core *core, Seat *seat, GError **error)
{
	if (!seat->ops->clone) {
		g_set_error(error, FAULT, FAULT_CLIENT, "%s cannot be made anew", seat->row->name);
		return FALSE;
	}
	return store_desktop_clear_identity(core->db, seat->row->id, error);
}

/* From what is published: by `here` at the place of what may be there, or, where that does not go
 * (NULL, or the place has changed), as a new one. The old is found by its own image. */
static gboolean make_anew(Core *core, Seat *seat, Make here, char **out_identity, GError **error)
{
	gboolean stays = here && !seat_elsewhere(seat->row, seat->pool);

	if (!forget_identity(core, seat, error))
		return FALSE;
	if (!stays && !seat->ops->destroy(seat->provider, &seat->spec, error))
		return FALSE;
	seat_renew(seat);
	return make_clone(seat, stays ? here : seat->ops->clone, out_identity, error);
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

gboolean overlay_make(Core *core, Seat *seat, GError **error)
{
	g_autofree char *identity = NULL;

	if (overlay_made(seat) && !outdated(seat))
		return TRUE;
	return store_desktop_set_state(core->db, seat->row->id, "starting",
				       "Preparing your desktop", error) &&
	       make_anew(core, seat, seat->ops->clone, &identity, error) &&
	       record(core, seat, identity, error);
}

gboolean overlay_boot_instead(Core *core, Seat *seat, GError *why, GError **error)
{
	g_autofree char *identity = NULL;
	g_autoptr(GError) reason = why;

	if (!seat->spec.image.instant || !unused(seat)) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return FALSE;
	}
	log_boots(seat, reason);
	seat->boots = TRUE;
	return make_anew(core, seat, seat->ops->reset, &identity, error) &&
	       record(core, seat, identity, error);
}

gboolean overlay_reset(Core *core, Seat *seat, GError **error)
{
	g_autofree char *identity = NULL;

	if (!make_anew(core, seat, seat->ops->reset, &identity, error))
		return FALSE;
	if (!identity || !*identity || g_strcmp0(identity, seat->row->identity) == 0 ||
	    g_strcmp0(identity, seat->row->used) == 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP,
			    "%s: the reset has not proven a fresh overlay", seat->row->name);
		return FALSE;
	}
	return record(core, seat, identity, error);
}
