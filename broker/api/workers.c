/* SPDX-License-Identifier: GPL-3.0-or-later */
/* workers: see workers.h. */
#include "workers.h"

#include "auth/limit.h"
#include "lane.h"

/* All that is asked for from one place, of one kind of work. */
typedef struct {
	char *name;
	LaneGroup group;
	LaneRow row;
	unsigned jobs; /* that wait or run: none, and it is forgotten */
} Place;

typedef struct {
	Workers *workers;
	GHashTable *places;
	Place *place;
	void (*run)(gpointer data);
	gpointer data;
} Job;

struct Workers {
	GMutex lock; /* of the places, and between pushing and draining */
	GHashTable *places[WORK_COUNT];
	Lane *lanes[WORK_COUNT]; /* NULL = drained */
};

static void run_job(gpointer data)
{
	Job *job = data;

	job->run(job->data);
}

static void drop_job(gpointer data)
{
	g_autofree Job *job = data;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&job->workers->lock);

	if (--job->place->jobs == 0)
		g_hash_table_remove(job->places, job->place->name);
}

/* Logins wait for PAM and starts for desktops, so they need many threads and little of the
 * processor; quick ones wait for the database at most. No place has all of them at a time. */
static const LaneRules rules[WORK_COUNT] = {
	[WORK_QUICK] = {.threads = 8, .share = 6, .most = 256, run_job, drop_job},
	[WORK_LOGIN] = {.threads = 32, .share = 24, .most = 64, run_job, drop_job},
	[WORK_START] = {.threads = 64, .share = 48, .most = 256, run_job, drop_job},
};

static void place_free(gpointer data)
{
	Place *place = data;

	g_free(place->name);
	g_free(place);
}

Workers *workers_new(void)
{
	Workers *workers = g_new0(Workers, 1);

	g_mutex_init(&workers->lock);
	for (unsigned i = 0; i < WORK_COUNT; i++) {
		workers->places[i] =
			g_hash_table_new_full(g_str_hash, g_str_equal, NULL, place_free);
		workers->lanes[i] = lane_new(&rules[i]);
	}
	return workers;
}

/* Under the lock. */
static Place *place_of(GHashTable *places, const char *peer)
{
	g_autofree char *name = limit_place(peer);
	Place *place = g_hash_table_lookup(places, name);

	if (place != NULL)
		return place;
	place = g_new0(Place, 1);
	place->name = g_steal_pointer(&name);
	place->row.group = &place->group;
	g_hash_table_insert(places, place->name, place);
	return place;
}

gboolean workers_push(Workers *workers, Work work, const char *peer, void (*run)(gpointer data),
		      gpointer data)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&workers->lock);
	GHashTable *places = workers->places[work];
	Place *place;
	Job *job;

	if (workers->lanes[work] == NULL)
		return FALSE;
	place = place_of(places, peer);
	job = g_new(Job, 1);
	*job = (Job){workers, places, place, run, data};
	if (!lane_push(workers->lanes[work], &place->row, job)) {
		g_free(job);
		return FALSE; /* its row is full: it has jobs */
	}
	place->jobs++;
	return TRUE;
}

void workers_drain(Workers *workers)
{
	Lane *lanes[WORK_COUNT];

	g_mutex_lock(&workers->lock);
	for (unsigned i = 0; i < WORK_COUNT; i++)
		lanes[i] = g_steal_pointer(&workers->lanes[i]);
	g_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < WORK_COUNT; i++)
		lane_free(lanes[i]);
}

void workers_free(Workers *workers)
{
	if (workers == NULL)
		return;
	workers_drain(workers);
	for (unsigned i = 0; i < WORK_COUNT; i++)
		g_hash_table_unref(workers->places[i]);
	g_mutex_clear(&workers->lock);
	g_free(workers);
}
