/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bridges: the oriel-bridge processes, one for each lease whose client speaks another protocol than
 * its desktop: a SPICE or RDP desktop in a browser or a VNC viewer. To a gateway a bridge is a
 * desktop like any other. It outlives the broker, as a session does, and ends with its client; one
 * that does not, for its desktop may have taken it over, is ended with the lease.
 */
#pragma once

#include "control/control.h"
#include "core_parts.h"
#include "desktops/seat.h"

Bridges *bridges_new(Core *core);
/* Stops serving them; they live on. Accepts NULL, as bridges_free() does. */
void bridges_stop(Bridges *bridges);
void bridges_free(Bridges *bridges);

/* The lease is over, and so is whatever bridges it has, by force if they do not go. */
void bridges_end(Bridges *bridges, const char *lease);

/* What a desktop with these displays can show itself as (PROVIDER_VNC, PROVIDER_SPICE), with a
 * bridge where need be. */
unsigned bridges_faces(const Core *core, unsigned displays);

/* The protocol that the desktop itself is to be spoken to, for a client that speaks `face`: the
 * same if the desktop knows it; NULL = there is no way. Static. */
const char *bridges_source(const Core *core, unsigned displays, const char *face);

/*
 * A connection of the lease's client to its desktop, as `face`, through a bridge to the desktop's
 * display `source`; starts a bridge if the lease has none, or one that has ended, and then waits
 * for the desktop's first picture (seconds). *out_fd is the caller's. FAULT_DESKTOP, FAULT_CONFIG:
 * the desktop's fault, in words; FAULT_BUSY: too many bridges.
 */
gboolean bridges_dial(Core *core, const char *lease, const Seat *seat, const char *face,
		      const char *source, const char *password, Endpoint *out_endpoint, int *out_fd,
		      GError **error);
