/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_session: sessions as they were and are, for people and admins. What only the broker needs
 * of the live ones is store_lease.h's. */
#pragma once

#include "core.h"
#include "db.h"

/* The client has its picture: "live". */
gboolean store_session_start(Db *db, const char *id, GError **error);
/* broker: only if that one watches it; NULL = whichever. 1, or 0 if it has ended before or is
 * another's; -1 on error. */
gint64 store_session_end(Db *db, const char *id, const char *broker, const char *reason, gint64 now,
			 guint64 bytes_in, guint64 bytes_out, GError **error);
/* A channel that ended after its session did. again: not if they seem to be in already. 1, 0 if
 * they are, -1 on error. */
gint64 store_session_add_bytes(Db *db, const char *id, guint64 bytes_in, guint64 bytes_out,
			       gboolean again, GError **error);
/* Its end goes into the audit log, in the caller's transaction. 1, or 0 if it is there already. */
gint64 store_session_audit(Db *db, const char *id, GError **error);
/* Those that this broker watched (NULL = all) and whose end is not in the audit log. */
GPtrArray *store_sessions_unaudited(Db *db, const char *broker, GError **error);
/* What ties a SPICE viewer's connections together, of one that lives or has ended; g_free() the
 * proof. FALSE: there is none, or an error. */
gboolean store_session_bond(Db *db, const char *id, guint32 *out_client_id, char **out_proof);
/* user NULL = everybody's. live: all that have not ended; else the newest `limit`. Newest first. */
GPtrArray *store_sessions(Db *db, const char *user, gboolean live, unsigned limit, GError **error);
/* Only some of them, as store_desktops_found(). order: "since", "user", "desktop", "client",
 * "from", "ended", "sent", "line", "idle". */
GPtrArray *store_sessions_found(Db *db, gboolean live, const char *text, const char *order,
				gboolean down, unsigned limit, GError **error);
/* How many live, and of how many people. */
gboolean store_sessions_count(Db *db, unsigned *out_sessions, unsigned *out_people, GError **error);
/* *out_at: when this person last began a session on this desktop or, with desktop NULL,
 * on any of the pool; 0 = never. */
gboolean store_session_last(Db *db, const char *user, const char *pool, const char *desktop,
			    gint64 *out_at, GError **error);
