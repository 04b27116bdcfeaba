/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept: see kept.h. A queue, oldest first; known by the hash of the secret. */
#include "kept.h"

#include <unistd.h>

#include "secret.h"

#define KEPT_MAX 256
#define KEPT_US  (30 * G_TIME_SPAN_SECOND)

typedef struct {
	char *hash;
	int fd;
	gint64 until;
} One;

struct Kept {
	GMutex lock;
	GQueue ones;
};

Kept *kept_new(void)
{
	Kept *kept = g_new0(Kept, 1);

	g_mutex_init(&kept->lock);
	g_queue_init(&kept->ones);
	return kept;
}

static void one_free(gpointer data)
{
	One *one = data;

	if (one->fd >= 0)
		close(one->fd);
	g_free(one->hash);
	g_free(one);
}

void kept_free(Kept *kept)
{
	if (kept == NULL)
		return;
	g_queue_clear_full(&kept->ones, one_free);
	g_mutex_clear(&kept->lock);
	g_free(kept);
}

char *kept_add(Kept *kept, int fd)
{
	char *secret = secret_generate();
	One *one = g_new0(One, 1);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&kept->lock);

	one->hash = secret_hash(secret);
	one->fd = fd;
	one->until = g_get_monotonic_time() + KEPT_US;
	g_queue_push_tail(&kept->ones, one);
	if (kept->ones.length > KEPT_MAX)
		one_free(g_queue_pop_head(&kept->ones));
	return secret;
}

void kept_expire(Kept *kept)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&kept->lock);
	One *one;

	while ((one = g_queue_peek_head(&kept->ones)) != NULL &&
	       one->until <= g_get_monotonic_time())
		one_free(g_queue_pop_head(&kept->ones));
}

static int by_hash(gconstpointer one, gconstpointer hash)
{
	return g_strcmp0(((const One *)one)->hash, hash);
}

int kept_take(Kept *kept, const char *secret)
{
	g_autofree char *hash = secret_hash(secret);
	GList *link;
	int fd = -1;

	kept_expire(kept);
	g_mutex_lock(&kept->lock);
	link = g_queue_find_custom(&kept->ones, hash, by_hash);
	if (link != NULL) {
		One *one = link->data;

		fd = one->fd;
		one->fd = -1;
		one_free(one);
		g_queue_delete_link(&kept->ones, link);
	}
	g_mutex_unlock(&kept->lock);
	return fd;
}
