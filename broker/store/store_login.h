/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_login: web logins. Only the hash of a token is here. */
#pragma once

#include "db.h"

typedef struct {
	char *id;
	char *user;
	char **groups; /* never NULL */
	gint64 began_at;
	gint64 expires_at;
} StoreLogin;
void store_login_free(StoreLogin *login);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreLogin, store_login_free)

/* id: shown to the person; hash: of the token. Both times: s since 1970. */
gboolean store_login_add(Db *db, const char *id, const char *hash, const char *user, char **groups,
			 const char *peer, gint64 began_at, gint64 expires_at, GError **error);
/* The login of that token; FAULT_DENIED if there is none or it has expired. */
StoreLogin *store_login_find(Db *db, const char *hash, gint64 now, GError **error);
/* The groups of the login that this person began last; g_strfreev() it, NULL = they have none. */
gboolean store_login_groups(Db *db, const char *user, gint64 now, char ***out_groups,
			    GError **error);
gboolean store_login_renew(Db *db, const char *id, gint64 expires_at, GError **error);
/* Not an error if it is gone already. */
gboolean store_login_remove(Db *db, const char *id, GError **error);
/* Ends all of a person's but so many: those that would be the first to expire. */
gboolean store_login_trim(Db *db, const char *user, unsigned keep, GError **error);
gboolean store_login_clean(Db *db, gint64 now, GError **error);
