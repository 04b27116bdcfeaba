/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * templates: the booted guests that instant clones are copies of: which pools want one, and which
 * nobody wants any more. A pool without one goes on: its desktops boot.
 */
#pragma once

#include "core_admin.h"
#include "core_parts.h"

/* True if the pool wants one and has none. */
gboolean templates_lack(Core *core, const PoolView *pool);
/* Boots one for the pool ("p-NAME"); minutes, or until the core stops. */
gboolean templates_make(Core *core, const char *card, GError **error);
/* Removes those that no pool and no desktop needs; none if it cannot be known what a pool wants. */
gboolean templates_tidy(Core *core, GError **error);
