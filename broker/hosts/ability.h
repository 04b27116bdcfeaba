/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ability: what the desktops of a pool can have done to them, where they are or may be put: a
 * pool's hosts, or the place that it names itself. A driver may open hypervisors that differ
 * (libvirt), so each that is open says it for itself.
 */
#pragma once

#include "core_admin.h"
#include "core_parts.h"
#include "provider/provider.h"

/* What all of the pool's places can; one that cannot be asked now does not count unless none can:
 * then its error. */
gboolean ability_of_pool(Core *core, const PoolView *pool, ProviderAbility *out, GError **error);

/* FAULT_CLIENT "pool 'x': HYPERVISOR cannot WHAT" unless it has all of these caps. */
gboolean ability_has(const ProviderAbility *able, unsigned caps, const char *pool, const char *what,
		     GError **error);

/* For admins, without waiting: the hypervisor that is open there, and words for what it can; NULL
 * if none is open. g_free(), g_strfreev(). */
void ability_tell(Core *core, const char *provider, const char *uri, char **out_hypervisor,
		  char ***out_can);
