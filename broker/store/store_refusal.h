/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_refusal: refused logins, bans, and where people are known to come from: in the database, so
 * that all brokers count together and a restart forgets nothing. What the numbers mean is
 * limit.c's.
 *
 * A row is about a user from everywhere (place ""), a place whoever it is (user ""), or both.
 */
#pragma once

#include "core_admin.h"
#include "db.h"

/* Times in ms since 1970. */
typedef struct {
	unsigned failures;
	gint64 faded_at; /* when failures was last brought up to date */
	gint64 until;    /* no attempt before                         */
} StoreRefusal;

/* All zero if there is none. */
gboolean store_refusal(Db *db, const char *user, const char *place, StoreRefusal *out,
		       GError **error);
/* gone_at: when it may be forgotten. */
gboolean store_refusal_put(Db *db, const char *user, const char *place, const StoreRefusal *refusal,
			   gint64 gone_at, GError **error);
/* One row alone. */
gboolean store_refusal_remove(Db *db, const char *user, const char *place, GError **error);

/* An admin's word. until 0 = for good. Replaces the one of the same user and place. */
gboolean store_ban_put(Db *db, const char *user, const char *place, gint64 until, const char *admin,
		       const char *reason, GError **error);
/* *out_until: of the longest ban of this user or this place; 0 = none, G_MAXINT64 = for good. */
gboolean store_banned(Db *db, const char *user, const char *place, gint64 now, gint64 *out_until,
		      GError **error);
/* What keeps somebody out now, admins' bans first; of BanView. */
GPtrArray *store_bans(Db *db, gint64 now, GError **error);
/* Forgets refusals and bans of a user wherever, or of a place whoever (the other is NULL). The
 * number of rows, -1 on error. */
gint64 store_unlock(Db *db, const char *user, const char *place, GError **error);

/* This user has been here since `since`. */
gboolean store_known(Db *db, const char *user, const char *place, gint64 since, gboolean *out,
		     GError **error);
/* Writes that down; of each user the `keep` newest places stay. */
gboolean store_known_put(Db *db, const char *user, const char *place, gint64 now, unsigned keep,
			 GError **error);

/* Throws away what has no meaning any more; known places not seen since `since`. */
gboolean store_refusal_clean(Db *db, gint64 now, gint64 since, GError **error);
