/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_watch: see qemu_watch.h. */
#include "qemu/qemu_watch.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>

struct QemuWatch {
	ProviderEvent event;
	gpointer user_data;
	GMainContext *context;
	GMainLoop *loop;
	GThread *thread;
	GMutex mutex;      /* of items */
	GHashTable *items; /* desktop id -> Item, which its source owns */
};

typedef struct {
	QemuWatch *watch;
	GSource *source;
	char *desktop_id;
	int pidfd;
} Item;

static void item_free(gpointer data)
{
	Item *item = data;

	close(item->pidfd);
	g_free(item->desktop_id);
	g_free(item);
}

static void item_destroy(gpointer data)
{
	GSource *source = ((Item *)data)->source;

	g_source_destroy(source);
	g_source_unref(source);
}

static gpointer run(gpointer data)
{
	QemuWatch *watch = data;

	g_main_context_push_thread_default(watch->context);
	g_main_loop_run(watch->loop);
	g_main_context_pop_thread_default(watch->context);
	return NULL;
}

static gboolean ended(int pidfd, GIOCondition condition, gpointer data)
{
	Item *item = data;
	QemuWatch *watch = item->watch;
	g_autofree char *id = g_strdup(item->desktop_id);
	gboolean wanted;

	g_mutex_lock(&watch->mutex);
	/* Whoever takes it out of the table has the word; afterwards the item may be gone. */
	wanted = g_hash_table_lookup(watch->items, id) == item;
	if (wanted)
		g_hash_table_remove(watch->items, id);
	g_mutex_unlock(&watch->mutex);
	if (wanted && watch->event)
		watch->event(id, PROVIDER_STOPPED, watch->user_data);
	return G_SOURCE_REMOVE;
}

QemuWatch *qemu_watch_new(ProviderEvent event, gpointer user_data)
{
	QemuWatch *watch = g_new0(QemuWatch, 1);

	watch->event = event;
	watch->user_data = user_data;
	watch->context = g_main_context_new();
	watch->loop = g_main_loop_new(watch->context, FALSE);
	g_mutex_init(&watch->mutex);
	watch->items = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, item_destroy);
	watch->thread = g_thread_new("qemu-watch", run, watch);
	return watch;
}

static gboolean quit(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

void qemu_watch_free(QemuWatch *watch)
{
	GSource *source;

	if (!watch)
		return;
	/* From within the loop: one that does not yet run would forget that it was told to stop. */
	source = g_idle_source_new();
	g_source_set_callback(source, quit, watch->loop, NULL);
	g_source_attach(source, watch->context);
	g_source_unref(source);
	g_thread_join(watch->thread);
	g_hash_table_unref(watch->items);
	g_main_loop_unref(watch->loop);
	g_main_context_unref(watch->context);
	g_mutex_clear(&watch->mutex);
	g_free(watch);
}

void qemu_watch_add(QemuWatch *watch, const char *desktop_id, int pidfd)
{
	Item *item = g_new(Item, 1);
	GSource *source = g_unix_fd_source_new(pidfd, G_IO_IN);

	*item = (Item){watch, source, g_strdup(desktop_id), pidfd};
	g_source_set_callback(source, G_SOURCE_FUNC(ended), item, item_free);
	g_mutex_lock(&watch->mutex);
	g_hash_table_replace(watch->items, g_strdup(desktop_id), item);
	g_source_attach(source, watch->context);
	g_mutex_unlock(&watch->mutex);
}

int qemu_watch_take(QemuWatch *watch, const char *desktop_id)
{
	const Item *item;
	int pidfd = -1;

	g_mutex_lock(&watch->mutex);
	item = g_hash_table_lookup(watch->items, desktop_id);
	if (item)
		pidfd = fcntl(item->pidfd, F_DUPFD_CLOEXEC, 3);
	g_hash_table_remove(watch->items, desktop_id);
	g_mutex_unlock(&watch->mutex);
	return pidfd;
}
