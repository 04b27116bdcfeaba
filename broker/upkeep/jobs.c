/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jobs: see jobs.h. */
#include "upkeep/jobs.h"

#include "fault.h"
#include "log.h"

#define WORKERS     8
#define BACKOFF_MAX (300 * G_USEC_PER_SEC)
#define FORGIVEN    (600 * G_USEC_PER_SEC) /* without a failure: it counts as sound again */

/* Lives in `under_way` from its start to its end. */
typedef struct {
	char *id;
	JobStep step;
	const char *what;
} Job;

typedef struct {
	unsigned failures;
	gint64 not_before, failed_at;
} Backoff;

struct Jobs {
	Core *core;
	Rounds *rounds;
	GThreadPool *pool;

	GMutex lock;           /* of all below */
	GHashTable *under_way; /* id -> Job */
	GHashTable *backoff;   /* id -> Backoff */
};

static void job_free(gpointer data)
{
	Job *job = data;

	g_free(job->id);
	g_free(job);
}

static gint64 backoff_after(const Jobs *jobs, unsigned failures)
{
	gint64 first = jobs->core->times.backoff * G_USEC_PER_SEC;

	return MIN(first << MIN(failures - 1, 10), BACKOFF_MAX);
}

/* Under the lock. */
static void note_failure(Jobs *jobs, const char *id)
{
	Backoff *backoff = g_hash_table_lookup(jobs->backoff, id);

	if (!backoff) {
		backoff = g_new0(Backoff, 1);
		g_hash_table_insert(jobs->backoff, g_strdup(id), backoff);
	}
	backoff->failures++;
	backoff->failed_at = g_get_monotonic_time();
	backoff->not_before = backoff->failed_at + backoff_after(jobs, backoff->failures);
}

/* Under the lock. A start that was good is no proof: what ends a moment later each time waits
 * longer, too. */
static void note_success(Jobs *jobs, const char *id)
{
	const Backoff *backoff = g_hash_table_lookup(jobs->backoff, id);

	if (backoff && g_get_monotonic_time() - backoff->failed_at > FORGIVEN)
		g_hash_table_remove(jobs->backoff, id);
}

static void run(gpointer data, gpointer user_data)
{
	Jobs *jobs = user_data;
	Job *job = data;
	g_autoptr(GError) error = NULL;
	LogContext context = {.desktop = job->id, .step = job->what};
	gboolean done = job->step(jobs->core, job->id, &error);
	gboolean removed = g_error_matches(error, FAULT, FAULT_NOT_FOUND);

	if (done)
		log_debug(&context, "done");
	else if (!removed && !rounds_stopping(jobs->rounds)) /* else we gave up on purpose */
		log_warning(&context, "fault=%s: %s", fault_info(fault_code(error))->name,
			    error->message);
	g_mutex_lock(&jobs->lock);
	if (done || removed)
		note_success(jobs, job->id);
	else
		note_failure(jobs, job->id);
	g_hash_table_remove(jobs->under_way, job->id);
	g_mutex_unlock(&jobs->lock);
	rounds_wake(jobs->rounds);
}

/* Under the lock. FALSE if one for this desktop is under way: its end wakes the rounds. */
static gboolean push(Jobs *jobs, const char *id, JobStep step, const char *what)
{
	Job *job;

	if (rounds_stopping(jobs->rounds) || g_hash_table_contains(jobs->under_way, id))
		return FALSE;
	job = g_new0(Job, 1);
	job->id = g_strdup(id);
	job->step = step;
	job->what = what;
	g_hash_table_insert(jobs->under_way, job->id, job);
	g_thread_pool_push(jobs->pool, job, NULL);
	return TRUE;
}

void jobs_begin(Jobs *jobs, const char *id, JobStep step, const char *what, gint64 *due)
{
	const Backoff *backoff;

	g_mutex_lock(&jobs->lock);
	backoff = g_hash_table_lookup(jobs->backoff, id);
	if (backoff && backoff->not_before > g_get_monotonic_time())
		*due = MIN(*due, backoff->not_before);
	else
		push(jobs, id, step, what);
	g_mutex_unlock(&jobs->lock);
}

gboolean jobs_begin_now(Jobs *jobs, const char *id, JobStep step, const char *what)
{
	gboolean begun;

	g_mutex_lock(&jobs->lock);
	begun = push(jobs, id, step, what);
	g_mutex_unlock(&jobs->lock);
	return begun;
}

/* ---- from its start to its end */

Jobs *jobs_new(Core *core, Rounds *rounds)
{
	Jobs *jobs = g_new0(Jobs, 1);

	jobs->core = core;
	jobs->rounds = rounds;
	g_mutex_init(&jobs->lock);
	jobs->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free);
	jobs->backoff = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return jobs;
}

void jobs_start(Jobs *jobs)
{
	jobs->pool = g_thread_pool_new(run, jobs, WORKERS, FALSE, NULL);
}

void jobs_stop(Jobs *jobs)
{
	/* Those not begun are dropped; they stay in `under_way`, which frees them. */
	g_thread_pool_free(jobs->pool, TRUE, TRUE);
}

void jobs_free(Jobs *jobs)
{
	if (!jobs)
		return;
	g_hash_table_destroy(jobs->under_way);
	g_hash_table_destroy(jobs->backoff);
	g_mutex_clear(&jobs->lock);
	g_free(jobs);
}
