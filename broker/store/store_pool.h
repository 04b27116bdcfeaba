/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_pool: pools in the database. Faults: FAULT_NOT_FOUND where a name is asked for,
 * FAULT_BROKER from the database. */
#pragma once

#include "core_admin.h"
#include "db.h"

GPtrArray *store_pools(Db *db, GError **error); /* of PoolView without counts, by name */
PoolView *store_pool(Db *db, const char *name, GError **error);
/* Its counts (total, busy, stale): reads an entry for each of its desktops. */
gboolean store_pool_count(Db *db, PoolView *pool, GError **error);
/* Adds it, or changes max, spare and instant of the one of that name; FAULT_CLIENT if that one is
 * of another kind, provider or uri. */
gboolean store_pool_put(Db *db, const PoolView *pool, GError **error);
/* Its desktops are made from that version from now on; one that is there already counts as
 * published. */
gboolean store_pool_publish(Db *db, const char *name, const char *image, unsigned version,
			    GError **error);
/* Its desktops must be gone; its entitlements go with it. */
gboolean store_pool_remove(Db *db, const char *name, GError **error);
/* From here on nobody is entitled to it and it makes no desktops: the first step of removing it. */
gboolean store_pool_close(Db *db, const char *name, GError **error);
