/* SPDX-License-Identifier: GPL-3.0-or-later */
/* maintainer: see maintainer.h. */
#include "upkeep/maintainer.h"

#include "desktops/assignment.h"
#include "desktops/desktop.h"
#include "desktops/images.h"
#include "desktops/seat.h"
#include "desktops/templates.h"
#include "fault.h"
#include "log.h"
#include "rounds.h"
#include "sessions/activity.h"
#include "sessions/session.h"
#include "store_desktop.h"
#include "store_input.h"
#include "store_login.h"
#include "store_plan.h"
#include "store_pool.h"
#include "store_ticket.h"
#include "upkeep/brokers.h"
#include "upkeep/clock.h"
#include "upkeep/jobs.h"
#include "upkeep/maintenance.h"
#include "upkeep/plan.h"
#include "upkeep/rollout.h"

#define IDLE        (60 * G_USEC_PER_SEC) /* look this often, whatever happens */
#define CLEAN_EVERY (60 * G_USEC_PER_SEC)
#define REST        3 /* times as long as a look has taken, before the next: much happens at once */
#define SPENT_KEPT  3600 /* s: a spent ticket is told from an unknown one this long */

struct Maintainer {
	Core *core;
	Rounds *rounds;
	Jobs *jobs;
	gint64 cleaned_at; /* the rounds' own */
	Clock clock;       /* ... */

	GMutex lock;        /* of what is below */
	GHashTable *events; /* a set of ids to check */
};

/* ---- what there is to do */

static gboolean step_start(Core *core, const char *id, GError **error)
{
	return desktop_start(core, id, NULL, error);
}

/* Brings the pool's free and running desktops up to `spare`: first those that are there, then new
 * ones. A broken one that waits for its next try counts, so that a broken image does not fill the
 * pool with failures. */
static gboolean warm_pool(Maintainer *m, const PoolView *pool, gint64 *due, GError **error)
{
	const char *broker = brokers_name(m->core->brokers);
	g_autoptr(GPtrArray) cold = NULL;
	unsigned have;

	/* In this order: one that becomes ready in between is seen twice, and not missed. */
	cold = store_desktop_find_cold(m->core->db, pool->name, broker, pool->spare, error);
	if (!cold || !store_desktop_count_current(m->core->db, pool->name, broker, pool->spare,
						  &have, error))
		return FALSE;
	for (guint i = 0; i < cold->len && have < pool->spare; i++, have++)
		jobs_begin(m->jobs, cold->pdata[i], step_start, "warm", due);
	for (; have < pool->spare; have++) {
		g_autofree char *id = NULL;

		if (!assignment_make(m->core, pool, NULL, 0, &id, error))
			return FALSE;
		if (!id)
			break; /* it has all it may have */
		jobs_begin(m->jobs, id, step_start, "warm", due);
	}
	return TRUE;
}

static gboolean roll_out(Maintainer *m, const PoolView *pool, gint64 *due, GError **error)
{
	g_autoptr(GPtrArray) ids = rollout_find(m->core, pool, error);

	for (guint i = 0; ids && i < ids->len; i++)
		jobs_begin(m->jobs, ids->pdata[i], desktop_roll, "roll", due);
	return ids != NULL;
}

static gboolean keep_pools(Maintainer *m, gint64 *due, GError **error)
{
	g_autoptr(GPtrArray) pools = store_pools(m->core->db, error);
	gboolean lead = brokers_lead(m->core->brokers);
	g_autofree char *words = NULL;

	if (!pools)
		return FALSE;
	for (guint i = 0; i < pools->len; i++) {
		PoolView *pool = pools->pdata[i];

		if (!pool->image || !(lead || seat_pool_local(pool)))
			continue;
		g_clear_pointer(&words, g_free);
		if (!maintenance_of(m->core, pool, NULL, &words, error))
			return FALSE;
		if (words)
			continue; /* closed: none is started for it */
		if (g_str_equal(pool->kind, "floating") && pool->spare > 0 &&
		    !warm_pool(m, pool, due, error))
			return FALSE;
		if (!roll_out(m, pool, due, error))
			return FALSE;
		if (templates_lack(m->core, pool)) {
			g_autofree char *card = g_strconcat("p-", pool->name, NULL);

			jobs_begin(m->jobs, card, templates_make, "template", due);
		}
	}
	return TRUE;
}

/* In a transaction, so that it meets none of another broker's halfway; only if there is something
 * to do, for it waits for all others and they for it. */
static gboolean release(Maintainer *m, gint64 now, gint64 *out_next, GError **error)
{
	Db *db = m->core->db;

	if (!store_desktop_next_release(db, out_next, error))
		return FALSE;
	if (*out_next == 0 || *out_next > now)
		return TRUE;
	g_auto(DbTransaction) tx = db_begin(db, error);

	return tx.db && store_desktop_release(db, now, out_next, error) >= 0 &&
	       db_commit(&tx, error);
}

static gboolean release_and_reset(Maintainer *m, gint64 now, gint64 *due, GError **error)
{
	g_autoptr(GPtrArray) dirty = NULL;
	gboolean lead = brokers_lead(m->core->brokers);
	gint64 next = 0;

	if (lead && !release(m, now, &next, error))
		return FALSE;
	if (next)
		*due = MIN(*due, g_get_monotonic_time() + MAX(next - now, 1) * G_USEC_PER_SEC);
	dirty = store_desktop_find_dirty(m->core->db, brokers_name(m->core->brokers), lead, error);
	for (guint i = 0; dirty && i < dirty->len; i++)
		jobs_begin(m->jobs, dirty->pdata[i], desktop_renew, "reset", due);
	return dirty != NULL;
}

static gboolean run_plans(Maintainer *m, gint64 now, gint64 *due, GError **error)
{
	g_autoptr(GPtrArray) ids = NULL;
	gint64 next = 0;

	ids = store_plan_find_due(m->core->db, brokers_name(m->core->brokers),
				  brokers_lead(m->core->brokers), now, &next, error);
	if (next)
		*due = MIN(*due, g_get_monotonic_time() + (next - now) * G_USEC_PER_SEC);
	for (guint i = 0; ids && i < ids->len; i++)
		jobs_begin(m->jobs, ids->pdata[i], desktop_plan, "plan", due);
	return ids != NULL;
}

static gboolean clean_up(Maintainer *m, GError **error)
{
	gint64 now = g_get_monotonic_time();

	if (m->cleaned_at && now - m->cleaned_at < CLEAN_EVERY)
		return TRUE;
	m->cleaned_at = now;
	if (!templates_tidy(m->core, error))
		return FALSE;
	if (!brokers_lead(m->core->brokers))
		return TRUE;
	return store_ticket_clean(m->core->db, core_now() - SPENT_KEPT, error) &&
	       store_login_clean(m->core->db, core_now(), error) &&
	       store_input_clean(m->core->db, error) &&
	       limit_clean(m->core->limit, limit_now(), error) && images_collect(m->core, error);
}

/* What ended by itself is looked at at once, whatever failed before. While a step for it is under
 * way, which may have been good before the end came, its event stays for later. */
static void check_events(Maintainer *m)
{
	GHashTableIter iter;
	gpointer id;

	g_mutex_lock(&m->lock);
	g_hash_table_iter_init(&iter, m->events);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		if (jobs_begin_now(m->jobs, id, desktop_check, "check"))
			g_hash_table_iter_remove(&iter);
	}
	g_mutex_unlock(&m->lock);
}

/* All that goes by the books, and by the clock: at the time for which the books are right, whatever
 * is done to the clock meanwhile. */
static gboolean look(Maintainer *m, gint64 *due, GError **error)
{
	gint64 now;

	if (!clock_follow(m->core, &m->clock, &now, error))
		return FALSE;
	activity_write(m->core, now, due);
	return plan_enforce(m->core, now, due, error) && run_plans(m, now, due, error) &&
	       release_and_reset(m, now, due, error) && keep_pools(m, due, error) &&
	       clean_up(m, error);
}

/* Returns when to look again, if nothing changes before. */
static gint64 maintain(gpointer maintainer)
{
	Maintainer *m = maintainer;
	g_autoptr(GError) error = NULL;
	gint64 due = g_get_monotonic_time() + IDLE;

	sessions_expire(m->core, &due);
	check_events(m);
	if (!look(m, &due, &error)) {
		log_error(NULL, "maintaining the pools: %s", error->message);
		due = MIN(due, g_get_monotonic_time() + 5 * G_USEC_PER_SEC);
	}
	return due;
}

/* ---- for others */

Maintainer *maintainer_new(Core *core)
{
	Maintainer *m = g_new0(Maintainer, 1);

	m->core = core;
	m->rounds = rounds_new("maintainer", maintain, REST, m);
	m->jobs = jobs_new(core, m->rounds);
	g_mutex_init(&m->lock);
	m->events = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return m;
}

void maintainer_start(Maintainer *m)
{
	jobs_start(m->jobs);
	rounds_start(m->rounds);
}

void maintainer_quit(Maintainer *m)
{
	rounds_quit(m->rounds);
}

void maintainer_stop(Maintainer *m)
{
	if (m && rounds_stop(m->rounds))
		jobs_stop(m->jobs);
}

void maintainer_free(Maintainer *m)
{
	if (!m)
		return;
	jobs_free(m->jobs);
	rounds_free(m->rounds);
	g_hash_table_destroy(m->events);
	g_mutex_clear(&m->lock);
	g_free(m);
}

void maintainer_wake(Maintainer *m)
{
	maintainer_look(m);
	brokers_tell_wake(m->core->brokers);
}

void maintainer_look(Maintainer *m)
{
	rounds_wake(m->rounds);
}

gboolean maintainer_stopping(Maintainer *m)
{
	return rounds_stopping(m->rounds);
}

void maintainer_on_event(const char *desktop_id, ProviderState state, gpointer maintainer)
{
	Maintainer *m = maintainer;

	if (state == PROVIDER_RUNNING)
		return;
	g_mutex_lock(&m->lock);
	g_hash_table_add(m->events, g_strdup(desktop_id));
	g_mutex_unlock(&m->lock);
	rounds_wake(m->rounds);
}
