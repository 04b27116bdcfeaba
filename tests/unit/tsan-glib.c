/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tsan-glib: GLib's locks and thread pools as ThreadSanitizer can see them. The system's GLib is
 * not instrumented and its locks are futexes of its own: without this every use of them looks like
 * a race. Linked into tests only with -Db_sanitize=thread; nothing else may use it.
 */
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

const char *__tsan_default_suppressions(void);

/* A quark is made twice at worst, with the same value. */
const char *__tsan_default_suppressions(void)
{
	return "race:fault_quark\n";
}

/* ---- mutexes and conditions: made at first use, as GLib's are */

static pthread_mutex_t *mutex_of(GMutex *mutex)
{
	pthread_mutex_t *fresh, *have = __atomic_load_n(&mutex->p, __ATOMIC_ACQUIRE);
	gpointer none = NULL;

	if (have)
		return have;
	fresh = malloc(sizeof *fresh);
	pthread_mutex_init(fresh, NULL);
	if (__atomic_compare_exchange_n(&mutex->p, &none, (gpointer)fresh, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return fresh;
	free(fresh);
	return none;
}

void g_mutex_init(GMutex *mutex)
{
	mutex->p = NULL;
}

void g_mutex_clear(GMutex *mutex)
{
	if (mutex->p) {
		pthread_mutex_destroy(mutex->p);
		free(mutex->p);
	}
	mutex->p = NULL;
}

void g_mutex_lock(GMutex *mutex)
{
	pthread_mutex_lock(mutex_of(mutex));
}

void g_mutex_unlock(GMutex *mutex)
{
	pthread_mutex_unlock(mutex_of(mutex));
}

static pthread_cond_t *cond_of(GCond *cond)
{
	pthread_cond_t *fresh, *have = __atomic_load_n(&cond->p, __ATOMIC_ACQUIRE);
	pthread_condattr_t monotonic;
	gpointer none = NULL;

	if (have)
		return have;
	fresh = malloc(sizeof *fresh);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(fresh, &monotonic);
	if (__atomic_compare_exchange_n(&cond->p, &none, (gpointer)fresh, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return fresh;
	free(fresh);
	return none;
}

void g_cond_init(GCond *cond)
{
	cond->p = NULL;
}

void g_cond_clear(GCond *cond)
{
	if (cond->p) {
		pthread_cond_destroy(cond->p);
		free(cond->p);
	}
	cond->p = NULL;
}

void g_cond_wait(GCond *cond, GMutex *mutex)
{
	pthread_cond_wait(cond_of(cond), mutex_of(mutex));
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end)
{
	struct timespec at = {end / G_USEC_PER_SEC, end % G_USEC_PER_SEC * 1000};

	return pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), &at) == 0;
}

void g_cond_signal(GCond *cond)
{
	pthread_cond_signal(cond_of(cond));
}

void g_cond_broadcast(GCond *cond)
{
	pthread_cond_broadcast(cond_of(cond));
}

/* ---- thread pools: threads come as they are needed and stay until the end */

typedef struct {
	GThreadPool pool;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	GQueue queue;
	GPtrArray *threads;
	guint idle;
	gint max;
	gboolean stop;
} Pool;

static void *pool_thread(void *data)
{
	Pool *p = data;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		gpointer task;

		p->idle++;
		while (g_queue_is_empty(&p->queue) && !p->stop)
			pthread_cond_wait(&p->changed, &p->lock);
		p->idle--;
		if (g_queue_is_empty(&p->queue))
			break;
		task = g_queue_pop_head(&p->queue);
		pthread_mutex_unlock(&p->lock);
		p->pool.func(task, p->pool.user_data);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

GThreadPool *g_thread_pool_new(GFunc func, gpointer user_data, gint max, gboolean exclusive,
			       GError **error)
{
	Pool *p = g_new0(Pool, 1);

	p->pool.func = func;
	p->pool.user_data = user_data;
	p->max = max;
	p->threads = g_ptr_array_new();
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	return &p->pool;
}

gboolean g_thread_pool_push(GThreadPool *pool, gpointer data, GError **error)
{
	Pool *p = (Pool *)pool;

	pthread_mutex_lock(&p->lock);
	g_queue_push_tail(&p->queue, data);
	if (p->idle < g_queue_get_length(&p->queue) && (gint)p->threads->len < p->max) {
		pthread_t thread;

		g_assert(pthread_create(&thread, NULL, pool_thread, p) == 0);
		g_ptr_array_add(p->threads, (gpointer)thread);
	}
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return TRUE;
}

guint g_thread_pool_unprocessed(GThreadPool *pool)
{
	Pool *p = (Pool *)pool;
	guint n;

	pthread_mutex_lock(&p->lock);
	n = g_queue_get_length(&p->queue);
	pthread_mutex_unlock(&p->lock);
	return n;
}

void g_thread_pool_free(GThreadPool *pool, gboolean immediate, gboolean wait)
{
	Pool *p = (Pool *)pool;

	pthread_mutex_lock(&p->lock);
	p->stop = TRUE;
	if (immediate)
		g_queue_clear(&p->queue);
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (guint i = 0; i < p->threads->len; i++)
		pthread_join((pthread_t)p->threads->pdata[i], NULL);
	g_ptr_array_unref(p->threads);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->changed);
	g_free(p);
}
