/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan: see plan.h. */
#include "upkeep/plan.h"

#include "admin/audit.h"
#include "core_admin.h"
#include "desktops/seat.h"
#include "fault.h"
#include "hosts/ability.h"
#include "lobbies/lobby_warning.h"
#include "sessions/activity.h"
#include "sessions/sessions.h"
#include "store_desktop.h"
#include "store_input.h"
#include "store_lease.h"
#include "store_plan.h"
#include "store_pool.h"
#include "store_session.h"
#include "store_ticket.h"
#include "upkeep/brokers.h"
#include "upkeep/maintainer.h"

#define LOOK_MAX  5             /* s: between two looks while there are sessions with limits */
#define AFTER_MAX (366 * 86400) /* s */

/* ---- the pool's plan */

/* The one that was set, or what its kind does by itself. */
static PlanView *plan_of(Core *core, const char *pool, const char *kind, GError **error)
{
	gboolean floating = g_str_equal(kind, "floating");
	PlanView *plan = NULL;

	if (!store_plan(core->db, pool, &plan, error))
		return NULL;
	if (plan)
		return plan;
	plan = g_new0(PlanView, 1);
	plan->pool = g_strdup(pool);
	plan->disconnect = g_strdup(floating ? "reset" : "nothing");
	plan->idle = g_strdup(plan->disconnect);
	plan->logout = g_strdup(plan->disconnect);
	plan->disconnect_after = plan->logout_after = core->times.grace;
	plan->warn = 60;
	return plan;
}

static void step_for(const PlanView *plan, PlanEvent event, const char **out_action,
		     gint64 *out_after)
{
	*out_action = event == PLAN_LOGOUT ? plan->logout
		      : event == PLAN_IDLE ? plan->idle
					   : plan->disconnect;
	*out_after = event == PLAN_LOGOUT ? plan->logout_after
		     : event == PLAN_IDLE ? 0
					  : plan->disconnect_after;
}

/* Inside a transaction. When it is released, a floating desktop is reset by itself: nobody gets it
 * before. */
static gboolean apply(Core *core, const StoreDesktop *row, PlanEvent event, gint64 ticket,
		      GError **error)
{
	gboolean dedicated = g_str_equal(row->kind, "dedicated");
	gboolean machine = g_str_equal(row->kind, "machines");
	g_autoptr(PlanView) plan = plan_of(core, row->pool, row->kind, error);
	gboolean reset, step;
	const char *action;
	gint64 after, at;

	if (!plan)
		return FALSE;
	step_for(plan, event, &action, &after);
	at = MAX(core_now() + after, ticket);
	reset = !dedicated && !machine && g_str_equal(action, "reset");
	step = !reset && !g_str_equal(action, "nothing");
	return store_desktop_leave(core->db, row->id,
				   reset || machine || dedicated ? at : STORE_DESKTOP_KEPT,
				   error) &&
	       store_plan_set_due(core->db, row->id, step ? action : NULL, at, error);
}

/* A dedicated one that is off may have crashed, or its host: nothing of it is thrown away
 * for that. */
static gboolean shut_down_inside(const StoreDesktop *row)
{
	return g_str_equal(row->state, "off") && g_str_equal(row->kind, "floating");
}

gboolean plan_leave(Core *core, const char *desktop, PlanEvent event, gint64 ticket, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(StoreDesktop) row = store_desktop(core->db, desktop, &why);

	if (g_error_matches(why, FAULT, FAULT_NOT_FOUND)) /* removed meanwhile */
		return TRUE;
	if (!row) {
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	if (shut_down_inside(row))
		event = PLAN_LOGOUT;
	return apply(core, row, event, ticket, error);
}

gboolean plan_sign_out(Core *core, const char *user, GError **error)
{
	g_autoptr(GPtrArray) rows = store_desktops_left(core->db, user, error);
	gint64 ticket;

	for (guint i = 0; rows && i < rows->len; i++) {
		const StoreDesktop *row = rows->pdata[i];

		if (!store_ticket_latest(core->db, row->id, core_now(), &ticket, error) ||
		    !apply(core, row, PLAN_LOGOUT, ticket, error))
			return FALSE;
	}
	return rows != NULL;
}

gboolean plan_shut_down(Core *core, const char *desktop, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);
	g_autoptr(StoreDesktop) row = tx.db ? store_desktop(core->db, desktop, error) : NULL;
	g_autoptr(StoreLease) lease = NULL;
	gint64 ticket;

	if (!row || !store_lease_of_desktop(core->db, desktop, &lease, error))
		return FALSE;
	if (lease || !row->owner || !shut_down_inside(row))
		return TRUE;
	return store_ticket_latest(core->db, desktop, core_now(), &ticket, error) &&
	       apply(core, row, PLAN_LOGOUT, ticket, error) && db_commit(&tx, error);
}

/* ---- the time of a session */

static gint64 active_at(Core *core, const StoreLimited *one, gint64 now)
{
	gint64 known = MAX(one->active_at, activity_unwritten(core, one->id, now));

	return MAX(known, sessions_unheard(core->sessions, one->id));
}

static PlanEnd end_of(Core *core, const StoreLimited *one, gint64 now)
{
	gint64 idle = one->idle_after ? active_at(core, one, now) + one->idle_after : G_MAXINT64;
	gint64 length = one->length ? one->started_at + one->length + one->extended : G_MAXINT64;
	PlanEnd end = {.ends_at = MIN(idle, length)};

	end.why = idle <= length ? "idle" : "length";
	end.warn_at = end.ends_at - one->warn;
	end.extendable = idle <= length || one->extend > 0;
	return end;
}

gboolean plan_tell_ends(Core *core, GPtrArray *views, GError **error)
{
	g_autoptr(GPtrArray) all = store_plan_limited(
		core->db, NULL, views->len == 1 ? ((SessionView *)views->pdata[0])->id : NULL,
		error);
	g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
	gint64 now = core_now();

	for (guint i = 0; all && i < all->len; i++)
		g_hash_table_insert(by_id, ((StoreLimited *)all->pdata[i])->id, all->pdata[i]);
	for (guint i = 0; all && i < views->len; i++) {
		SessionView *view = views->pdata[i];
		const StoreLimited *one = g_hash_table_lookup(by_id, view->id);
		PlanEnd end;

		if (!one)
			continue;
		end = end_of(core, one, now);
		view->ends_at = end.ends_at;
		view->warn_at = end.warn_at;
		view->ends_why = end.why;
		view->extendable = end.extendable;
	}
	return all != NULL;
}

static void end_session(Core *core, const StoreLimited *one, const PlanEnd *end)
{
	gboolean idle = g_str_equal(end->why, "idle");
	g_autofree char *reason = NULL;

	if (idle && one->idle_after < 120)
		reason = g_strdup("not used for a minute");
	else if (idle)
		reason = g_strdup_printf("not used for %u minutes", one->idle_after / 60);
	else
		reason = g_strdup("its longest time is over");
	session_end_by_plan(core, one->id, idle ? PLAN_IDLE : PLAN_DISCONNECT, reason);
}

/* Warns; microseconds until the next look at it. */
static gint64 before(Core *core, const StoreLimited *one, const PlanEnd *end, gint64 now)
{
	if (end->warn_at <= now)
		lobby_warning_show(core, one->id, end);
	return MIN((end->warn_at > now ? end->warn_at : end->ends_at) - now, LOOK_MAX) *
	       G_USEC_PER_SEC;
}

gboolean plan_enforce(Core *core, gint64 now, gint64 *due, GError **error)
{
	const char *broker = db_shared(core->db) ? brokers_name(core->brokers) : NULL;
	g_autoptr(GPtrArray) all = store_plan_limited(core->db, broker, NULL, error);

	for (guint i = 0; all && i < all->len; i++) {
		const StoreLimited *one = all->pdata[i];
		PlanEnd end = end_of(core, one, now);

		if (end.ends_at <= now)
			end_session(core, one, &end);
		else
			*due = MIN(*due, g_get_monotonic_time() + before(core, one, &end, now));
	}
	return all != NULL;
}

/* In the warning only: time that is added early could be gathered for a day. */
static gboolean extend(Core *core, const char *id, GError **error)
{
	g_autoptr(GPtrArray) all = store_plan_limited(core->db, NULL, id, error);
	gint64 now = core_now();
	const StoreLimited *one;
	PlanEnd end;

	if (!all || !store_input_put(core->db, id, now, 0, error))
		return FALSE;
	if (all->len == 0)
		return TRUE;
	one = all->pdata[0];
	end = end_of(core, one, now);
	if (g_str_equal(end.why, "idle") || now < end.warn_at || one->extend == 0)
		return TRUE;
	return store_plan_extend(core->db, id, one->extended, one->extend, error);
}

SessionView *core_session_extend(Core *core, const Who *who, const char *id, GError **error)
{
	g_auto(Grant) grant = {0};
	g_autoptr(GPtrArray) live = NULL;
	gboolean own;

	if (!session_find(core, id, &grant, error))
		return NULL;
	own = who && g_str_equal(who->user, grant.user);
	if (who && !own && !who->admin) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "session %s is not %s's", id, who->user);
		return NULL;
	}
	if (!extend(core, id, error))
		return NULL;
	if (!own)
		audit_admin(core, who ? who->user : NULL, grant.desktop, "session extend %s of %s",
			    id, grant.user);
	live = core_sessions(core, grant.user, TRUE, 0, error);
	for (guint i = 0; live && i < live->len; i++) {
		if (g_str_equal(((SessionView *)live->pdata[i])->id, id))
			return g_ptr_array_steal_index(live, i);
	}
	if (live)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "session %s has just ended", id);
	return NULL;
}

/* ---- for admins */

GPtrArray *core_plans(Core *core, GError **error)
{
	g_autoptr(GPtrArray) pools = store_pools(core->db, error);
	g_autoptr(GPtrArray) plans = NULL;

	if (!pools)
		return NULL;
	plans = g_ptr_array_new_with_free_func((GDestroyNotify)plan_view_free);
	for (guint i = 0; i < pools->len; i++) {
		const PoolView *pool = pools->pdata[i];
		PlanView *plan = plan_of(core, pool->name, pool->kind, error);

		if (!plan)
			return NULL;
		g_ptr_array_add(plans, plan);
	}
	return g_steal_pointer(&plans);
}

PlanView *core_plan(Core *core, const char *pool, GError **error)
{
	g_autoptr(PoolView) found = store_pool(core->db, pool, error);

	return found ? plan_of(core, pool, found->kind, error) : NULL;
}

/* What the pool's hypervisor can do to a desktop. */
static gboolean action_possible(Core *core, const PoolView *pool, const char *action,
				GError **error)
{
	static const struct {
		const char *action;
		unsigned cap;
	} actions[] = {
		{"nothing", 0},
		{"suspend", PROVIDER_SUSPENDS},
		{"shutdown", PROVIDER_POWER},
		{"reset", PROVIDER_CLONES},
		{"delete", PROVIDER_CLONES},
	};
	ProviderAbility able;

	for (gsize i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (g_str_equal(action, actions[i].action))
			return actions[i].cap == 0 ||
			       (ability_of_pool(core, pool, &able, error) &&
				ability_has(&able, actions[i].cap, pool->name, action, error));
	}
	g_set_error(error, FAULT, FAULT_CLIENT,
		    "'%s' is none of nothing, suspend, shutdown, reset, delete", action);
	return FALSE;
}

gboolean core_plan_set(Core *core, const char *admin, const PlanView *plan, GError **error)
{
	g_autoptr(PoolView) pool = store_pool(core->db, plan->pool, error);

	if (!pool || !action_possible(core, pool, plan->disconnect, error) ||
	    !action_possible(core, pool, plan->idle, error) ||
	    !action_possible(core, pool, plan->logout, error))
		return FALSE;
	if (MAX(MAX(plan->disconnect_after, plan->idle_after),
		MAX(plan->logout_after, plan->length)) > AFTER_MAX ||
	    MAX(plan->warn, plan->extend) > AFTER_MAX) {
		g_set_error(error, FAULT, FAULT_CLIENT, "no time is longer than a year");
		return FALSE;
	}
	if (!store_plan_put(core->db, plan, error))
		return FALSE;
	audit_admin(
		core, admin, NULL,
		"pool plan %s: disconnect %s after %u s, idle %s after %u s, logout %s after %u s,"
		" at most %u s",
		plan->pool, plan->disconnect, plan->disconnect_after, plan->idle, plan->idle_after,
		plan->logout, plan->logout_after, plan->length);
	maintainer_wake(core->maintainer);
	return TRUE;
}
