/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * overlay: what a desktop has of its own on top of its image, known by an identity that the store
 * keeps. The identity is forgotten before anything happens to the overlay, and recorded after: what
 * lies there when we are cut short is never started. For the steps of desktop.h, in their turn.
 */
#pragma once

#include "desktops/seat.h"

/* With one of its own, or of a kind that needs none (machines). */
gboolean overlay_made(const Seat *seat);

/* Makes it, if there is none or nobody's work is in it and there is something newer or quicker. An
 * instant clone where there is something to copy, else one that boots. */
gboolean overlay_make(Core *core, Seat *seat, GError **error);

/* An instant clone that does not come to life, or has not become another, is nobody's: it is made
 * anew to boot. FALSE with `why` (taken) if this is none of these. */
gboolean overlay_boot_instead(Core *core, Seat *seat, GError *why, GError **error);

/* A fresh one, proven by an identity that neither it nor its last user had; else FAULT_DESKTOP. */
gboolean overlay_reset(Core *core, Seat *seat, GError **error);
