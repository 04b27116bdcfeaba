/* SPDX-License-Identifier: GPL-3.0-or-later */
/* container_watch: see container_watch.h. */
#include "container/container_watch.h"

#include "http_ask.h"
#include "rounds.h"

#define AGAIN_MS 500 /* after the engine's service went away */

struct ContainerWatch {
	ContainerEngine *engine;
	char *url;
	ProviderEvent event;
	gpointer user_data;
	Rounds *rounds;
	int stopping;         /* http_ask() looks */
	GMutex lock;          /* of expected */
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

/* As long as the engine's service tells. */
static gint64 listen_to(gpointer data)
{
	ContainerWatch *watch = data;
	HttpAsk ask = {.method = "GET",
		       .url = watch->url,
		       .socket = container_engine_socket(watch->engine),
		       .line = take_event,
		       .data = watch,
		       .stop = &watch->stopping};
	unsigned status;

	http_ask(&ask, &status, NULL, NULL);
	return g_get_monotonic_time() + AGAIN_MS * G_TIME_SPAN_MILLISECOND;
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
	watch->expected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	watch->rounds = rounds_new("containers", listen_to, 0, watch);
	rounds_start(watch->rounds);
	return watch;
}

void container_watch_free(ContainerWatch *watch)
{
	if (!watch)
		return;
	g_atomic_int_set(&watch->stopping, 1);
	rounds_stop(watch->rounds);
	rounds_free(watch->rounds);
	g_hash_table_destroy(watch->expected);
	g_mutex_clear(&watch->lock);
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
