/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_plan: what becomes of a pool's desktops (the plan), what is going to become of one desktop
 * and when (its due step), and the sessions whose time a plan limits. Times are s since 1970.
 */
#pragma once

#include "core_admin.h"
#include "db.h"

/* *out NULL = the pool has none of its own. */
gboolean store_plan(Db *db, const char *pool, PlanView **out, GError **error);
gboolean store_plan_put(Db *db, const PlanView *plan, GError **error);

/* ---- one desktop's due step; a session or a new owner takes it away (store_desktop.c) */

/* action NULL = none any more. */
gboolean store_plan_set_due(Db *db, const char *desktop, const char *action, gint64 at,
			    GError **error);
/* The step that was due by then is done. One that was put off meanwhile, for somebody who asked, is
 * due again if they do not come. */
gboolean store_plan_done(Db *db, const char *desktop, gint64 now, GError **error);
/* action NULL = none, or not yet. */
gboolean store_plan_get_due(Db *db, const char *desktop, gint64 now, char **out_action,
			    GError **error);
/* Ids (char *) of desktops within this broker's reach (shared: and of those that any broker
 * reaches) whose step is due by now; *out_next: when the next one will be, 0 = none is waiting. */
GPtrArray *store_plan_find_due(Db *db, const char *broker, gboolean shared, gint64 now,
			       gint64 *out_next, GError **error);
/* For a step that leaves nothing of the desktop: nobody's from here on. FALSE in *out_taken if it
 * is not due any more. */
gboolean store_plan_take(Db *db, const char *desktop, gint64 now, gboolean *out_taken,
			 GError **error);

/* ---- sessions */

typedef struct {
	char *id;
	gint64 active_at; /* the last key, or the start */
	gint64 started_at;
	gint64 extended;                           /* s that were added to its length */
	unsigned idle_after, length, warn, extend; /* of the plan; 0 = no such rule */
} StoreLimited;
void store_limited_free(StoreLimited *limited);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreLimited, store_limited_free)

/* Live ones that a plan limits: that this broker watches, or (session not NULL) this one. */
GPtrArray *store_plan_limited(Db *db, const char *broker, const char *session, GError **error);
/* If no more than `extended` was added so far: of many who ask at once, one gets it. */
gboolean store_plan_extend(Db *db, const char *session, gint64 extended, gint64 seconds,
			   GError **error);
