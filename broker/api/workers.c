/* SPDX-License-Identifier: GPL-3.0-or-later */
/* workers: see workers.h. */
#include "workers.h"

typedef struct {
	void (*run)(gpointer data);
	gpointer data;
} Job;

struct Workers {
	GMutex lock; /* between pushing and draining */
	GThreadPool *pools[WORK_COUNT];
};

/* Logins wait for PAM and starts for desktops, so they need many threads and little of the
 * processor; quick ones wait for the database at most. */
static const struct {
	int threads;
	unsigned waiting;
} bounds[WORK_COUNT] = {
	[WORK_QUICK] = {8, 256},
	[WORK_LOGIN] = {32, 64},
	[WORK_START] = {64, 256},
};

static void run_job(gpointer data, gpointer user_data G_GNUC_UNUSED)
{
	g_autofree Job *job = data;

	job->run(job->data);
}

Workers *workers_new(void)
{
	Workers *workers = g_new0(Workers, 1);

	g_mutex_init(&workers->lock);
	for (unsigned i = 0; i < WORK_COUNT; i++)
		workers->pools[i] =
			g_thread_pool_new(run_job, NULL, bounds[i].threads, FALSE, NULL);
	return workers;
}

gboolean workers_push(Workers *workers, Work work, void (*run)(gpointer data), gpointer data)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&workers->lock);
	GThreadPool *pool = workers->pools[work];
	Job *job;

	if (pool == NULL || g_thread_pool_unprocessed(pool) >= bounds[work].waiting)
		return FALSE;
	job = g_new(Job, 1);
	*job = (Job){run, data};
	/* The only error is a thread that cannot start; the job then waits for one of
	 * the others. */
	g_thread_pool_push(pool, job, NULL);
	return TRUE;
}

void workers_drain(Workers *workers)
{
	GThreadPool *pools[WORK_COUNT];

	g_mutex_lock(&workers->lock);
	for (unsigned i = 0; i < WORK_COUNT; i++)
		pools[i] = g_steal_pointer(&workers->pools[i]);
	g_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < WORK_COUNT; i++) {
		if (pools[i] != NULL)
			g_thread_pool_free(pools[i], FALSE, TRUE);
	}
}

void workers_free(Workers *workers)
{
	if (workers == NULL)
		return;
	workers_drain(workers);
	g_mutex_clear(&workers->lock);
	g_free(workers);
}
