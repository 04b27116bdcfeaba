/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entitlement: what somebody may. */
#pragma once

#include "core_admin.h"
#include "core_parts.h"
#include "store_desktop.h"

/* Named in options.admins, as "name" or by "@group". */
gboolean entitlement_admin(const Options *options, const char *user, char **groups);
/* The pools (PoolView) that this person may use. */
GPtrArray *entitlement_pools(Core *core, const Who *who, GError **error);
/* The pool, or FAULT_NOT_FOUND if there is none or it is not for this person: no difference is
 * told. */
PoolView *entitlement_pool(Core *core, const Who *who, const char *pool, GError **error);
/* The dedicated desktop with this id that is this person's, or FAULT_NOT_FOUND. *out_pool, if
 * wanted, is its pool, for the caller to free. */
StoreDesktop *entitlement_own(Core *core, const Who *who, const char *id, PoolView **out_pool,
			      GError **error);
/* The groups that NSS knows of somebody who has not just logged in; never NULL, g_strfreev() it. */
char **entitlement_groups(const char *user);
