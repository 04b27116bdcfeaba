/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollout: how a pool goes over to another version of its image while people use it. Free desktops
 * that are off go at once. Of those that are ready, none is given up before another is ready in its
 * place; in a pool without room for another, one at a time. Who is in the middle of a session stays
 * there: his desktop goes over when it is reset. A dedicated desktop that has an owner is his.
 */
#pragma once

#include "core_admin.h"
#include "core_parts.h"

/* The ids (char *) of those whose turn it is now, for desktop_roll(). */
GPtrArray *rollout_find(Core *core, const PoolView *pool, GError **error);
