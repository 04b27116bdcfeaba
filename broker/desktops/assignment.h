/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * assignment: which desktop somebody gets. One transaction, so that two who come at once never get
 * the same.
 *
 *   dedicated  one's own, else a free one that becomes one's own, else a new one
 *   floating   the one still held from before, else a clean free one, else a new one
 *   machines   the one that was asked for, if nobody else has it, or sits at it
 */
#pragma once

#include "core_admin.h"
#include "core_parts.h"

/* card: "d-..." or "p-POOL". *out_id: the desktop, held for this person until then. FAULT_NOT_FOUND
 * (also: not entitled, another's), FAULT_BUSY (none is free; *out_coming: one is just being made
 * fresh, so that it is worth asking again). */
gboolean assignment_assign(Core *core, const Who *who, const char *card, gint64 until,
			   char **out_id, gboolean *out_coming, GError **error);

/* A new row in the pool; the provider makes the desktop at its first start. owner NULL = free.
 * *out_id NULL = the pool is full. */
gboolean assignment_make(Core *core, const PoolView *pool, const char *owner, gint64 until,
			 char **out_id, GError **error);
