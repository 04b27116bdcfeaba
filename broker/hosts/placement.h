/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * placement: on which of its pool's hosts a new desktop goes. A desktop takes its image's
 * processors and memory from a host from when it is put there until it is destroyed, whether it
 * runs or not. A host has its own, times what its admin lets it promise (overcommit).
 */
#pragma once

#include "core_admin.h"
#include "core_parts.h"

/*
 * Inside a transaction: puts a desktop of that image, which is nowhere, on a host of its pool, if
 * the pool has any. FAULT_BUSY if none has room. Which one: store_host_choose(). storage: only
 * hosts that share that; NULL = any.
 */
gboolean placement_put(Core *core, const char *desktop, const char *pool, const ImageView *image,
		       const char *storage, GError **error);
