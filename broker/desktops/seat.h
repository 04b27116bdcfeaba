/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seat: one desktop with its pool, image and open provider: all that a step of its life needs. */
#pragma once

#include "core_admin.h"
#include "core_parts.h"
#include "provider/provider.h"
#include "store_desktop.h"
#include "store_machine.h"

typedef struct {
	StoreDesktop *row;
	PoolView *pool;
	ImageView *image;      /* what its overlay rests on, if it has one; NULL for machines */
	ImageView *published;  /* what it would be made from now; NULL for machines           */
	HostView *host;        /* where it was put; NULL = where the pool says              */
	StoreMachine *machine; /* NULL for others                                          */
	const ProviderOps *ops;
	Provider *provider;
	ProviderAbility able;
	ProviderDesktop spec; /* points into row, image and machine */
	gboolean boots;       /* no instant clone this time, whatever the pool says */
} Seat;

/* True if it rests (without an identity: rested) on another version than the pool publishes. */
gboolean seat_elsewhere(const StoreDesktop *row, const PoolView *pool);
/* From here on seat->spec is what it will be: made from what is published. */
void seat_renew(Seat *seat);

/* Reads and opens. FAULT_NOT_FOUND, FAULT_CONFIG, FAULT_DESKTOP from the provider or if another
 * broker's machine has it. */
Seat *seat_load(Core *core, const char *desktop_id, GError **error);
void seat_free(Seat *seat);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Seat, seat_free)

/* True if it can be started and stopped. */
gboolean seat_powered(const Seat *seat);
/* What its provider says of it. */
gboolean seat_state(const Seat *seat, ProviderState *out, GError **error);

/* The displays (PROVIDER_VNC | PROVIDER_SPICE) of a desktop that is there or, with row NULL, of one
 * that this pool would make. */
gboolean seat_displays(Core *core, const PoolView *pool, const StoreDesktop *row,
		       unsigned *out_displays, GError **error);

/* False if it lives on the machine of another broker. */
gboolean seat_in_reach(Core *core, const StoreDesktop *row);
/* True if the pool's desktops live on the machine of the broker that made them. */
gboolean seat_pool_local(const PoolView *pool);

/* For provider_*(): points into image. */
ProviderImage seat_image(const ImageView *image);
