/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_desktop: desktops in the database, and the few statements on which their safety rests.
 *
 *   free    owner NULL                         anybody entitled may be given it
 *   held    owner, held_until > 0              between a click and a session, or just after one
 *   in use  owner, held_until 0, state in-use  a session is on it
 *
 * While somebody has asked for it and has no session on it yet, asked_until is when that is over.
 * A dedicated desktop's owner stays. A desktop is clean while the overlay that it has (identity)
 * is not the one that the last session saw (used); only a clean one is given to a new person.
 * Machines have neither and count as clean.
 */
#pragma once

#include "db.h"

typedef struct {
	char *id;
	char *name;
	char *pool;
	char *kind;  /* of the pool */
	char *owner; /* NULL = none */
	char *state; /* "off", "starting", "ready", "in-use", "suspended", "resetting", "failed" */
	char *detail;
	char *identity;
	char *used;
	gint64 held_until;
	gint64 last_used;
	char *address, *protocol, *secret; /* machines; secret is one */
	char *broker; /* on whose machine it lives; NULL = any broker reaches it */
	char *image;  /* what its overlay rests (without an identity: rested) on; NULL = nothing */
	unsigned version;
	gboolean card; /* store_desktops_found() alone: it has one with the address nic_mac() */
} StoreDesktop;
/* held_until of one that stays its person's until a plan's step or an admin says otherwise. */
#define STORE_DESKTOP_KEPT ((gint64)4102444800)

void store_desktop_free(StoreDesktop *desktop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDesktop, store_desktop_free)

/* As said above. Looks at nothing but this row. */
gboolean store_desktop_clean(const StoreDesktop *desktop);

StoreDesktop *store_desktop(Db *db, const char *id, GError **error); /* FAULT_NOT_FOUND */
GPtrArray *store_desktops(Db *db, const char *pool, GError **error); /* NULL = all; by pool, name */
/* Those in whose texts each word of `text` stands (NULL = all), at most `limit` (0 = any number),
 * in an order: "name" (also NULL), "pool", "state", "user", "used". */
GPtrArray *store_desktops_found(Db *db, const char *text, const char *order, gboolean down,
				unsigned limit, GError **error);
/* All that are this person's, of whichever pool, by name. */
GPtrArray *store_desktops_of(Db *db, const char *user, GError **error);
/* Those, of any pool, that this person has used and left. */
GPtrArray *store_desktops_left(Db *db, const char *user, GError **error);
/* How many the pool has. */
gboolean store_desktop_count(Db *db, const char *pool, unsigned *out, GError **error);
gboolean store_desktop_name_taken(Db *db, const char *pool, const char *name, gboolean *out,
				  GError **error);
/* kind is the pool's and ignored. FAULT_CLIENT if the pool has one of that name. */
gboolean store_desktop_add(Db *db, const StoreDesktop *desktop, GError **error);
gboolean store_desktop_remove(Db *db, const char *id, GError **error);

gboolean store_desktop_set_state(Db *db, const char *id, const char *state, const char *detail,
				 GError **error);
/* The same, unless a session has entered it: *out_unused FALSE. None enters it in such a state, but
 * for "ready". */
gboolean store_desktop_set_unused(Db *db, const char *id, const char *state, const char *detail,
				  gboolean *out_unused, GError **error);
/* The broker on whose machine it is from now on; NULL = any reaches it. */
gboolean store_desktop_set_broker(Db *db, const char *id, const char *broker, GError **error);
/* All that are on a broker's machine are on this one's. */
gboolean store_desktop_take_all(Db *db, const char *broker, GError **error);
/* It was made anew, from that version; FAULT_NOT_FOUND if that is no more. */
gboolean store_desktop_set_identity(Db *db, const char *id, const char *identity, const char *image,
				    unsigned version, GError **error);
/* It is about to be made anew: whatever lies there is not to be started any more. */
gboolean store_desktop_clear_identity(Db *db, const char *id, GError **error);

/* ---- assignment (store_desktop_assign.c): inside the caller's transaction */

/* The id of a clean free desktop of the pool, within this broker's reach, that is soonest usable:
 * ready (of the published version, if there is one), then starting, off, failed. *out_id NULL =
 * none. */
gboolean store_desktop_find_free(Db *db, const char *pool, const char *broker, char **out_id,
				 GError **error);
/* How many clean free desktops within this broker's reach are ready, counted up to `limit`; and how
 * many of these are of the published version. */
gboolean store_desktop_count_ready(Db *db, const char *pool, const char *broker, unsigned limit,
				   unsigned *out, GError **error);
gboolean store_desktop_count_current(Db *db, const char *pool, const char *broker, unsigned limit,
				     unsigned *out, GError **error);
/* Ids (char *) of up to `limit` that are clean and free but rest on another version than the
 * published one: those that are ready, and those that do not run. */
GPtrArray *store_desktop_find_stale_ready(Db *db, const char *pool, const char *broker,
					  unsigned limit, GError **error);
GPtrArray *store_desktop_find_stale_off(Db *db, const char *pool, const char *broker,
					unsigned limit, GError **error);
/* Takes such a one away from who might be given it; *out_withdrawn FALSE = somebody was quicker. */
gboolean store_desktop_withdraw(Db *db, const char *id, gboolean *out_withdrawn, GError **error);
/* Ids (char *) of up to `limit` that are clean and free but not ready: those that start, then the
 * others, by name. */
GPtrArray *store_desktop_find_cold(Db *db, const char *pool, const char *broker, unsigned limit,
				   GError **error);
/* Whether there is such a one, or a free one that is being made anew. */
gboolean store_desktop_coming(Db *db, const char *pool, const char *broker, gboolean *out,
			      GError **error);
/* The id of this person's desktop in the pool; *out_id NULL = none. broker: only one within that
 * broker's reach; NULL = wherever. */
gboolean store_desktop_find_owned(Db *db, const char *pool, const char *user, const char *broker,
				  char **out_id, GError **error);
/* Gives it to the person, at least until then, and no step of a plan before; FAULT_BUSY if somebody
 * else has it. */
gboolean store_desktop_claim(Db *db, const char *id, const char *user, gint64 until,
			     GError **error);

/* Sets the end of this person's hold; in use it has none. FAULT_BUSY if it is not theirs any
 * more. */
gboolean store_desktop_hold(Db *db, const char *id, const char *user, gint64 until, GError **error);

/* ---- sessions */

/* A session begins: in use, its overlay seen. FAULT_DENIED if it is not this person's any more. */
gboolean store_desktop_enter(Db *db, const char *id, const char *user, gint64 now, GError **error);
/* The last session on it is over: held until then. */
gboolean store_desktop_leave(Db *db, const char *id, gint64 until, GError **error);

/* ---- the maintainer's */

/* Cuts a hold short (a start that failed), unless it is kept: the next release takes it. */
gboolean store_desktop_expire(Db *db, const char *id, gint64 now, GError **error);
/* When the next hold ends that has an end; 0 = there is none. */
gboolean store_desktop_next_release(Db *db, gint64 *out_at, GError **error);
/* Takes floating desktops and machines from holders whose time is over; the dirty ones become
 * "resetting". *out_next: when the next hold ends, 0 = there is none. Returns how many, or -1. */
gint64 store_desktop_release(Db *db, gint64 now, gint64 *out_next, GError **error);
/* Ids (char *) of desktops without an owner that must be reset before anybody may have them, also
 * of those whose reset goes on or was left half done (the database was away when it came to its
 * end): those on this broker's machine and, with `shared`, those that any broker reaches. */
GPtrArray *store_desktop_find_dirty(Db *db, const char *broker, gboolean shared, GError **error);
/* Whoever asked for it has died with their broker: without a ticket they have no claim to it. */
gboolean store_desktop_unask(Db *db, const char *id, gint64 now, GError **error);
/* The same for one that is kept, too. FAULT_BUSY in use. */
gboolean store_desktop_give_back(Db *db, const char *id, gint64 now, GError **error);
/* No owner any more (dedicated). FAULT_BUSY in use. */
gboolean store_desktop_disown(Db *db, const char *id, GError **error);
