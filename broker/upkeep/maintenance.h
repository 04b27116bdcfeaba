/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maintenance: a pool, a host or a desktop that is closed for a while. Nobody is given a desktop of
 * it and none is started for the pool; sessions that are there go on until they end, and who is in
 * one may come back to it. People read the admin's words on the card and in the refusal.
 *
 * A host is named as its pools name it: "qemu", "libvirt qemu:///system"; or by the name of the
 * broker on whose machine the desktops live.
 */
#pragma once

#include "core_admin.h"
#include "core_parts.h"
#include "store_desktop.h"

/* *out_words (g_free) is NULL while it is open. row NULL: the pool and its host. */
gboolean maintenance_of(Core *core, const PoolView *pool, const StoreDesktop *row, char **out_words,
			GError **error);
/* FAULT_MAINTENANCE with the words. Of what this person is in the middle of, nothing is closed. */
gboolean maintenance_allow(Core *core, const Who *who, const PoolView *pool,
			   const StoreDesktop *row, GError **error);
