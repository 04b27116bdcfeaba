/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_maintenance: what is closed for a while, by whom and with which words. */
#pragma once

#include "core_admin.h"
#include "db.h"

GPtrArray *store_maintenances(Db *db, GError **error); /* of MaintenanceView, by kind and name */
/* Adds it, or changes the words of the one of that kind and name. */
gboolean store_maintenance_put(Db *db, const MaintenanceView *view, GError **error);
/* FAULT_NOT_FOUND. */
gboolean store_maintenance_remove(Db *db, const char *kind, const char *name, GError **error);
/* The same of what is removed itself, closed or not. */
gboolean store_maintenance_forget(Db *db, const char *kind, const char *name, GError **error);
/* *out_words (g_free): those of the first that holds for this pool, this host (NULL = none) and
 * this desktop (NULL = none); NULL = it is open. */
gboolean store_maintenance_of(Db *db, const char *pool, const char *provider, const char *host,
			      const char *desktop, char **out_words, GError **error);
