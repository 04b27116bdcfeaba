/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quotas: how many desktops and sessions, how much memory and how many processors a person may
 * have, and all together of a pool. A person's is their own; without one the widest of their
 * groups'; without those that of user "*". A number that is 0 limits nothing.
 */
#pragma once

#include "core_admin.h"
#include "core_parts.h"
#include "store_desktop.h"

/* Inside the transaction that is going to give this desktop (row NULL: a new one of the pool) to
 * the person. FAULT_QUOTA, with words for them. */
gboolean quotas_allow(Core *core, const Who *who, const PoolView *pool, const StoreDesktop *row,
		      GError **error);
