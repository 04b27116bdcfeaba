/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_quota: how much people and pools may have, and how much they have. */
#pragma once

#include "core_admin.h"
#include "db.h"

GPtrArray *store_quotas(Db *db, GError **error); /* of QuotaView, by kind and name */
/* Adds it, or changes the one of that kind and name. */
gboolean store_quota_put(Db *db, const QuotaView *quota, GError **error);
/* FAULT_NOT_FOUND. */
gboolean store_quota_remove(Db *db, const char *kind, const char *name, GError **error);

/* What somebody has, or all together have of a pool. Running, or about to: memory in MiB, cpus. */
typedef struct {
	gint64 desktops, sessions, memory, cpus;
} StoreUse;
/* Of this person, or (user NULL) of this pool what people have been given of it; without the
 * desktop `except`. */
gboolean store_quota_use(Db *db, const char *user, const char *pool, const char *except, gint64 now,
			 StoreUse *out, GError **error);
