/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_audit: what happened, for good: rows are added and read, never changed. */
#pragma once

#include "core_admin.h"
#include "db.h"

/* Adds it; entry->id is ignored. May run inside a transaction, so that a deed and its record stand
 * or fall together. */
gboolean store_audit_add(Db *db, const AuditView *entry, GError **error);
/* The `limit` entries that follow the one with this id, oldest first. */
GPtrArray *store_audit_after(Db *db, gint64 id, unsigned limit, GError **error);
/* The id of the last one; 0 = there is none. */
gboolean store_audit_last(Db *db, gint64 *out_id, GError **error);
/* The newest `limit` entries with an id below before_id (0 = from the top) that hold this text
 * (NULL = any) in event, user, peer, desktop, session or detail, whatever its case;
 * newest first. */
GPtrArray *store_audit(Db *db, gint64 before_id, unsigned limit, const char *text, GError **error);
