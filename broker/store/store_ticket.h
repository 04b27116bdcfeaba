/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_ticket: one-time tickets. Only their hash is here (secret_hash()); what redeems one is a
 * single UPDATE, so two who come at once cannot both have it.
 */
#pragma once

#include "db.h"

/* desktop: its id. expires_at: s since 1970. */
gboolean store_ticket_add(Db *db, const char *hash, const char *user, const char *desktop,
			  const char *protocol, gint64 expires_at, GError **error);
/* *out: how many this person was given for this desktop that expire, or have expired, after then.
 * Spent ones count, as long as they are known. */
gboolean store_ticket_count(Db *db, const char *user, const char *desktop, gint64 after,
			    gint64 *out, GError **error);
/* Spends it; *out_user and *out_desktop are the caller's (g_free). FAULT_DENIED, with the cause in
 * the message for the admin: unknown, spent, expired, or made for another protocol. */
gboolean store_ticket_redeem(Db *db, const char *hash, const char *protocol, gint64 now,
			     char **out_user, char **out_desktop, GError **error);
/* True the first `times` times that this is asked of a ticket that was made and is not yet
 * forgotten, spent or not. */
gboolean store_ticket_refused(Db *db, const char *hash, unsigned times);
/* Those for the desktops of this pool that are not spent open nothing any more. */
gboolean store_ticket_withdraw(Db *db, const char *pool, GError **error);
/* *out_expires: when the last usable ticket for this desktop expires, 0 = there is none. */
gboolean store_ticket_latest(Db *db, const char *desktop, gint64 now, gint64 *out_expires,
			     GError **error);
/* Forgets those that expired before then. */
gboolean store_ticket_clean(Db *db, gint64 before, GError **error);
