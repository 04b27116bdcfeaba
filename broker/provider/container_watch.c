/* SPDX-License-Identifier: GPL-3.0-or-later */
/* container_watch: see container_watch.h. */
#include "container_watch.h"

#include "http_ask.h"

#define AGAIN_MS 500 /* after the engine's service went away */

struct ContainerWatch {
	ContainerEngine *engine;
	char *url;
	ProviderEvent event;
	gpointer user_data;
	GThread *thread;
	int stopping;
	GMutex lock;
	GCond stop;
	GHashTable *expected; /* desktop ids whose end is wanted */
};

static gboolean take_event(const char *line, gpointer data)
{
	ContainerWatch *watch = data;
	g_autofree char *name = NULL;
	json_auto_t *event = json_loads(line, 0, NULL);
	json_t *actor = json_object_get(event, "Actor");
	const char *action = json_string_value(json_object_get(event, "Action"));
	const char *id = json_string_value(
		json_object_get(json_object_get(actor, "Attributes"), CONTAINER_DESKTOP));
	ProviderState state = PROVIDER_STOPPED;
	gboolean expected;

	if (!id || !action || !g_str_has_prefix(action, "die"))
		return TRUE;
	g_mutex_lock(&watch->lock);
	expected = g_hash_table_contains(watch->expected, id);
	g_mutex_unlock(&watch->lock);
	if (expected)
		return TRUE;
	/* The word may be late: of an end that was wanted, before a start that is over. */
	name = g_strconcat(CONTAINER_PREFIX, id, NULL);
	if (!container_engine_state(watch->engine, name, &state, NULL) || state != PROVIDER_RUNNING)
		watch->event(id, PROVIDER_STOPPED, watch->user_data);
	return TRUE;
}

static gpointer listen_to(gpointer data)
{
	ContainerWatch *watch = data;
	HttpAsk ask = {.method = "GET",
		       .url = watch->url,
		       .socket = container_engine_socket(watch->engine),
		       .line = take_event,
		       .data = watch,
		       .stop = &watch->stopping};

	while (!g_atomic_int_get(&watch->stopping)) {
		unsigned status;

		http_ask(&ask, &status, NULL, NULL);
		g_mutex_lock(&watch->lock);
		if (!g_atomic_int_get(&watch->stopping))
			g_cond_wait_until(&watch->stop, &watch->lock,
					  g_get_monotonic_time() + AGAIN_MS * 1000);
		g_mutex_unlock(&watch->lock);
	}
	return NULL;
}

ContainerWatch *container_watch_new(ContainerEngine *engine, const char *place, ProviderEvent event,
				    gpointer user_data)
{
	ContainerWatch *watch = g_new0(ContainerWatch, 1);
	g_autofree char *label = g_strconcat(CONTAINER_PLACE "=", place, NULL);
	/* Docker's word, and Podman's, which it filters by before it translates. */
	json_auto_t *filters = json_pack("{s:[s], s:[ss], s:[s]}", "type", "container", "event",
					 "die", "died", "label", label);
	g_autofree char *text = json_dumps(filters, JSON_COMPACT);
	g_autofree char *escaped = g_uri_escape_string(text, NULL, FALSE);

	watch->engine = engine;
	watch->url = g_strconcat("http://engine/events?filters=", escaped, NULL);
	watch->event = event;
	watch->user_data = user_data;
	g_mutex_init(&watch->lock);
	g_cond_init(&watch->stop);
	watch->expected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	watch->thread = g_thread_new("containers", listen_to, watch);
	return watch;
}

void container_watch_free(ContainerWatch *watch)
{
	if (!watch)
		return;
	g_mutex_lock(&watch->lock);
	g_atomic_int_set(&watch->stopping, 1);
	g_cond_signal(&watch->stop);
	g_mutex_unlock(&watch->lock);
	g_thread_join(watch->thread);
	g_hash_table_destroy(watch->expected);
	g_mutex_clear(&watch->lock);
	g_cond_clear(&watch->stop);
	g_free(watch->url);
	g_free(watch);
}

void container_watch_expect_end(ContainerWatch *watch, const char *desktop_id)
{
	g_mutex_lock(&watch->lock);
	g_hash_table_add(watch->expected, g_strdup(desktop_id));
	g_mutex_unlock(&watch->lock);
}

void container_watch_mind_end(ContainerWatch *watch, const char *desktop_id)
{
	g_mutex_lock(&watch->lock);
	g_hash_table_remove(watch->expected, desktop_id);
	g_mutex_unlock(&watch->lock);
}
