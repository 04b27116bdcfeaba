/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_snapshot: the snapshots of desktops. One that is not ready was being taken, perhaps by a
 * broker that is gone. A fresh overlay has none: store_desktop_set_identity() forgets them. */
#pragma once

#include "core.h"
#include "db.h"

/* of SnapshotView, the newest first. */
GPtrArray *store_snapshots(Db *db, const char *desktop, gboolean ready, GError **error);
gboolean store_snapshot_add(Db *db, const char *desktop, const char *id, const char *name,
			    gint64 now, GError **error);
gboolean store_snapshot_ready(Db *db, const char *id, GError **error);
gboolean store_snapshot_remove(Db *db, const char *id, GError **error);
