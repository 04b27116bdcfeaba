/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_host: the machines that desktops run on, which pools may use them, and which desktop was
 * put where. What a host has taken on is counted as it changes, pool by pool and in all, so that a
 * decision among hundreds of hosts reads no desktops.
 *
 * A pool without hosts of its own is where its provider and uri say.
 */
#pragma once

#include "core_admin.h"
#include "db.h"

GPtrArray *store_hosts(Db *db, GError **error);                        /* of HostView, by name */
HostView *store_host(Db *db, const char *name, GError **error);        /* FAULT_NOT_FOUND      */
gboolean store_host_put(Db *db, const HostView *host, GError **error); /* its state stays   */
/* FAULT_BUSY while a desktop is there or a pool names it. */
gboolean store_host_remove(Db *db, const char *name, GError **error);
gboolean store_host_set_state(Db *db, const char *name, const char *state, const char *detail,
			      GError **error);

/* Those that are a broker's machine are this one's. */
gboolean store_host_take_all(Db *db, const char *broker, GError **error);

gboolean store_host_set_drain(Db *db, const char *name, gboolean drain, GError **error);

/* How a pool spreads; without an entry: no hosts. */
gboolean store_host_of_pool(Db *db, const char *pool, PoolHostsView *out, GError **error);
gboolean store_host_set_pool(Db *db, const PoolHostsView *hosts, GError **error);

/*
 * The host for another desktop of the pool, of those that are up, within this broker's reach and
 * have room (g_free), or NULL. "spread": the one with the fewest of the same pool, and of those the
 * emptiest; "pack": the fullest. Never more of the pool on one than it has set `apart`. storage:
 * only hosts that share that; NULL = any.
 */
gboolean store_host_choose(Db *db, const char *pool, const char *broker, const char *storage,
			   unsigned cpus, unsigned memory, char **out_host, GError **error);
/* Whether the pool has hosts of its own. */
gboolean store_host_wanted(Db *db, const char *pool, gboolean *out, GError **error);

/* The uri of one of the pool's hosts that is there (g_free); NULL = it has none. */
gboolean store_host_any(Db *db, const char *pool, const char *broker, char **out_uri,
			GError **error);

/* Where a desktop is: NULL with *out_placed FALSE = where its pool says. */
HostView *store_host_of(Db *db, const char *desktop, gboolean *out_placed, GError **error);
/* Ids (char *) of the desktops on a host. */
GPtrArray *store_host_desktops(Db *db, const char *host, GError **error);

/* Inside a transaction: puts there what is nowhere. */
gboolean store_host_place(Db *db, const char *desktop, const char *pool, const char *host,
			  unsigned cpus, unsigned memory, GError **error);
/* Inside a transaction: it is nowhere any more. */
gboolean store_host_unplace(Db *db, const char *desktop, GError **error);
/* Counts anew. */
gboolean store_host_recount(Db *db, GError **error);
