/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * placement: on which of its pool's hosts a new desktop goes. A desktop takes its image's
 * processors and memory from a host from when it is put there until it is destroyed, whether it
 * runs or not. A host has its own, times what its admin lets it promise (overcommit).
 */
#pragma once

#include "core_parts.h"

/*
 * The best of the candidates (HostView), or NULL if none has room. "spread": the host with the
 * fewest of the same pool, and of those the emptiest; "pack": the fullest that has room. apart:
 * never more of the pool on one host than that; 0 = any.
 */
const HostView *placement_choose(const GPtrArray *candidates, unsigned cpus, unsigned memory,
				 const char *how, unsigned apart);

/*
 * Inside a transaction: puts a desktop of that image on a host of its pool, if the pool has any.
 * FAULT_BUSY if none has room. storage: only hosts that share that; NULL = any.
 */
gboolean placement_put(Core *core, const char *desktop, const char *pool, const ImageView *image,
		       const char *storage, GError **error);
