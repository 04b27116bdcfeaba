/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lane: see lane.h. */
#include "lane.h"

struct Lane {
	LaneRules rules;
	GThreadPool *pool;

	GMutex lock;   /* of all below, and of groups and rows */
	GQueue groups; /* whose turn comes: something waits, and they have not all of their share */
	unsigned busy; /* threads */
};

/* ---- turns, under the lock */

/* To the end of a queue of those whose turn comes. */
static void stand_in(GQueue *queue, GList *place, gpointer who)
{
	place->data = who;
	g_queue_push_tail_link(queue, place);
}

static gboolean may_run(const Lane *lane, const LaneGroup *group)
{
	return group->rows.length > 0 && group->running < lane->rules.share;
}

static void put(Lane *lane, LaneRow *row, gpointer request)
{
	LaneGroup *group = row->group;
	gboolean stood = may_run(lane, group);

	if (g_queue_is_empty(&row->waiting))
		stand_in(&group->rows, &row->place, row);
	g_queue_push_tail(&row->waiting, request);
	if (!stood && may_run(lane, group))
		stand_in(&lane->groups, &group->place, group);
}

/* NULL: it is nobody's turn. */
static gpointer take(Lane *lane, LaneGroup **out_group)
{
	LaneGroup *group;
	LaneRow *row;
	gpointer request;

	if (g_queue_is_empty(&lane->groups))
		return NULL;
	group = g_queue_pop_head_link(&lane->groups)->data;
	row = g_queue_pop_head_link(&group->rows)->data;
	request = g_queue_pop_head(&row->waiting);
	group->running++;
	if (!g_queue_is_empty(&row->waiting))
		stand_in(&group->rows, &row->place, row);
	if (may_run(lane, group))
		stand_in(&lane->groups, &group->place, group);
	*out_group = group;
	return request;
}

static void ran(Lane *lane, LaneGroup *group)
{
	gboolean stood = may_run(lane, group);

	group->running--;
	if (!stood && may_run(lane, group))
		stand_in(&lane->groups, &group->place, group);
}

/* ---- threads */

static void serve(gpointer data, gpointer unused)
{
	Lane *lane = data;
	LaneGroup *group;
	gpointer request;

	g_mutex_lock(&lane->lock);
	while ((request = take(lane, &group)) != NULL) {
		g_mutex_unlock(&lane->lock);
		lane->rules.run(request);
		g_mutex_lock(&lane->lock);
		ran(lane, group);
		g_mutex_unlock(&lane->lock);
		lane->rules.drop(request);
		g_mutex_lock(&lane->lock);
	}
	lane->busy--;
	g_mutex_unlock(&lane->lock);
}

Lane *lane_new(const LaneRules *rules)
{
	Lane *lane = g_new0(Lane, 1);

	lane->rules = *rules;
	lane->pool = g_thread_pool_new(serve, NULL, (int)rules->threads, FALSE, NULL);
	g_mutex_init(&lane->lock);
	return lane;
}

void lane_free(Lane *lane)
{
	if (!lane)
		return;
	g_thread_pool_free(lane->pool, FALSE, TRUE);
	g_assert(g_queue_is_empty(&lane->groups));
	g_mutex_clear(&lane->lock);
	g_free(lane);
}

gboolean lane_push(Lane *lane, LaneRow *row, gpointer request)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lane->lock);

	if (g_queue_get_length(&row->waiting) >= lane->rules.most)
		return FALSE;
	put(lane, row, request);
	if (lane->busy < lane->rules.threads && !g_queue_is_empty(&lane->groups)) {
		lane->busy++;
		g_thread_pool_push(lane->pool, lane, NULL);
	}
	return TRUE;
}

void lane_empty(Lane *lane, LaneRow *row)
{
	GQueue dropped;

	g_mutex_lock(&lane->lock);
	dropped = row->waiting;
	g_queue_init(&row->waiting);
	if (!g_queue_is_empty(&dropped)) {
		gboolean stood = may_run(lane, row->group);

		g_queue_unlink(&row->group->rows, &row->place);
		if (stood && !may_run(lane, row->group))
			g_queue_unlink(&lane->groups, &row->group->place);
	}
	g_mutex_unlock(&lane->lock);
	g_queue_clear_full(&dropped, lane->rules.drop);
}
