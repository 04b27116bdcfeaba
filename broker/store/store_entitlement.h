/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_entitlement: who may use which pool, by user name and by NSS group. */
#pragma once

#include "core_admin.h"
#include "db.h"

GPtrArray *store_entitlements(Db *db, GError **error); /* of EntitlementView */
/* Both are idempotent. FAULT_NOT_FOUND if there is no such pool. */
gboolean store_entitle(Db *db, const EntitlementView *to, GError **error);
gboolean store_unentitle(Db *db, const EntitlementView *to, GError **error);
/* The names of the pools that this person may use, sorted, each once. */
GPtrArray *store_entitled_pools(Db *db, const char *user, char **groups, GError **error);
