/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_lease: the live sessions with what only the broker needs of them, so that any broker can
 * serve any gateway, also after a restart. A session that has ended is no lease: FAULT_NOT_FOUND.
 */
#pragma once

#include "db.h"

typedef struct {
	char *id;
	char *user;
	char *desktop; /* id */
	char *desktop_name;
	char *pool;
	char *protocol;
	char *via;
	char *peer;
	char *gateway;
	gboolean started;   /* it had its picture */
	gint64 started_at;  /* s since 1970       */
	guint32 client_id;  /* the SPICE session id that the client was told */
	guint32 backend_id; /* the desktop's own, 0 = not known yet          */
	char *broker;       /* the one that watches over it */
	char *proof;        /* see lease_proof.h; NULL = of an older program */
} StoreLease;
void store_lease_free(StoreLease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreLease, store_lease_free)

/* A row of the session table: "connecting" from here on. */
gboolean store_lease_add(Db *db, const StoreLease *lease, GError **error);
GPtrArray *store_leases(Db *db, const char *broker, GError **error); /* NULL = all */
/* The names (char *) of all brokers that watch over leases. */
GPtrArray *store_lease_brokers(Db *db, GError **error);
/* From here on that broker watches over it. FALSE with FAULT_NOT_FOUND if it has ended. */
gboolean store_lease_take(Db *db, const char *id, const char *broker, GError **error);
/* The same of all there are. */
gboolean store_lease_take_all(Db *db, const char *broker, GError **error);
StoreLease *store_lease(Db *db, const char *id, GError **error);
/* While it is moved there are two: then the one to come, which has no backend_id yet, or
 * is later. */
StoreLease *store_lease_of_client(Db *db, guint32 client_id, GError **error);
/* There is one at most. *out NULL = none. */
gboolean store_lease_of_desktop(Db *db, const char *desktop, StoreLease **out, GError **error);
/* What the desktop speaks, when that is not what its client does. */
gboolean store_lease_set_via(Db *db, const char *id, const char *via, GError **error);
gboolean store_lease_set_backend(Db *db, const char *id, guint32 backend_id, GError **error);
