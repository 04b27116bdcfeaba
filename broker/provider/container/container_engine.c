/* SPDX-License-Identifier: GPL-3.0-or-later */
/* container_engine: see container_engine.h. */
#include "container/container_engine.h"

#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "http_ask.h"

#define HOST           "http://engine"
#define REPOSITORY     "localhost/oriel" /* of the images that were loaded here */
#define ANSWER_SECONDS 30
#define LOAD_SECONDS   300

struct ContainerEngine {
	char *socket;
	GMutex loading; /* one image at a time */
};

/* TRUE for a status of 2xx or 304 (it is so already). A 404 is FAULT_NOT_FOUND. */
static gboolean ask(ContainerEngine *engine, const char *method, const char *path, json_t *body,
		    json_t **out_json, GError **error)
{
	g_autofree char *url = g_strconcat(HOST, path, NULL);
	HttpAsk request = {.method = method,
			   .url = url,
			   .socket = engine->socket,
			   .body = body,
			   .seconds = ANSWER_SECONDS};
	json_auto_t *answer = NULL;
	const char *words;
	unsigned status = 0;

	if (!http_ask(&request, &status, &answer, error))
		return FALSE;
	if ((status >= 200 && status <= 299) || status == 304) {
		if (out_json)
			*out_json = g_steal_pointer(&answer);
		return TRUE;
	}
	words = json_string_value(json_object_get(answer, "message"));
	g_set_error(error, FAULT, status == 404 ? FAULT_NOT_FOUND : FAULT_DESKTOP,
		    "the container engine answers %u: %s", status, words ? words : "(no words)");
	return FALSE;
}

ContainerEngine *container_engine_new(const char *uri, GError **error)
{
	ContainerEngine *engine;

	if (!g_str_has_prefix(uri, "unix:///")) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    *uri ? "%s: want unix:///path of a container engine's socket"
				 : "%sa container engine needs a uri, as "
				   "unix:///run/podman/podman.sock",
			    uri);
		return NULL;
	}
	engine = g_new0(ContainerEngine, 1);
	engine->socket = g_strdup(uri + strlen("unix://"));
	g_mutex_init(&engine->loading);
	if (!ask(engine, "GET", "/_ping", NULL, NULL, error)) {
		if (error && *error)
			(*error)->code = FAULT_CONFIG;
		g_clear_pointer(&engine, container_engine_free);
	}
	return engine;
}

void container_engine_free(ContainerEngine *engine)
{
	if (!engine)
		return;
	g_mutex_clear(&engine->loading);
	g_free(engine->socket);
	g_free(engine);
}

const char *container_engine_socket(const ContainerEngine *engine)
{
	return engine->socket;
}

/* ---- images */

/* The tag of an archive, by what changes when it does. */
static char *tag_of(const char *archive, GError **error)
{
	g_autofree char *what = NULL;
	g_autofree char *sum = NULL;
	struct stat info;

	if (stat(archive, &info) < 0) {
		fault_set_errno(error, FAULT_CONFIG, archive);
		return NULL;
	}
	what = g_strdup_printf("%s\n%lld\n%lld.%09ld", archive, (long long)info.st_size,
			       (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
	return g_strndup(sum, 16);
}

/* "Loaded image: NAME", or "Loaded image ID: sha256:...", on one of the lines. */
static gboolean take_loaded(const char *line, gpointer data)
{
	json_auto_t *message = json_loads(line, 0, NULL);
	const char *words = json_string_value(json_object_get(message, "stream"));
	const char *loaded = words ? strstr(words, "Loaded image") : NULL;
	const char *name = loaded ? strstr(loaded, ": ") : NULL;
	char **out_name = data;

	if (!name || *out_name)
		return TRUE;
	name += 2;
	*out_name = g_strndup(name, strcspn(name, ", \r\n"));
	return TRUE;
}

static char *load(ContainerEngine *engine, const char *archive, GError **error)
{
	HttpAsk request = {.method = "POST",
			   .url = HOST "/images/load?quiet=1",
			   .socket = engine->socket,
			   .upload = archive,
			   .seconds = LOAD_SECONDS};
	json_auto_t *answer = NULL;
	char *name = NULL;
	unsigned status = 0;

	if (!http_ask(&request, &status, &answer, error))
		return NULL;
	if (answer) {
		g_autofree char *line = json_dumps(answer, 0);

		take_loaded(line, &name);
	}
	if (!name)
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "%s: the container engine takes it for no image (%u)", archive, status);
	return name;
}

static gboolean load_as(ContainerEngine *engine, const char *archive, const char *tag,
			GError **error)
{
	g_autofree char *name = load(engine, archive, error);
	g_autofree char *escaped = name ? g_uri_escape_string(name, ":/", FALSE) : NULL;
	g_autofree char *path =
		g_strconcat("/images/", escaped, "/tag?repo=" REPOSITORY "&tag=", tag, NULL);

	return name && ask(engine, "POST", path, NULL, NULL, error);
}

char *container_engine_image(ContainerEngine *engine, const char *archive, GError **error)
{
	g_autofree char *tag = tag_of(archive, error);
	g_autofree char *full = tag ? g_strconcat(REPOSITORY ":", tag, NULL) : NULL;
	g_autofree char *path = g_strconcat("/images/", full, "/json", NULL);
	g_autoptr(GError) failure = NULL;
	gboolean there;

	if (!tag)
		return NULL;
	g_mutex_lock(&engine->loading);
	there = ask(engine, "GET", path, NULL, NULL, &failure);
	if (!there && failure->code == FAULT_NOT_FOUND) {
		there = load_as(engine, archive, tag, error);
	} else if (!there) {
		g_propagate_error(error, g_steal_pointer(&failure));
	}
	g_mutex_unlock(&engine->loading);
	return there ? g_steal_pointer(&full) : NULL;
}

/* ---- containers */

gboolean container_engine_create(ContainerEngine *engine, const char *name, json_t *body,
				 GError **error)
{
	g_autofree char *path = g_strconcat("/containers/create?name=", name, NULL);

	return ask(engine, "POST", path, body, NULL, error);
}

gboolean container_engine_start(ContainerEngine *engine, const char *name, GError **error)
{
	g_autofree char *path = g_strconcat("/containers/", name, "/start", NULL);

	return ask(engine, "POST", path, NULL, NULL, error);
}

gboolean container_engine_state(ContainerEngine *engine, const char *name, ProviderState *out_state,
				GError **error)
{
	g_autofree char *path = g_strconcat("/containers/", name, "/json", NULL);
	json_auto_t *answer = NULL;
	g_autoptr(GError) failure = NULL;
	json_t *running;

	if (!ask(engine, "GET", path, NULL, &answer, &failure)) {
		if (failure->code == FAULT_NOT_FOUND) {
			*out_state = PROVIDER_ABSENT;
			return TRUE;
		}
		g_propagate_error(error, g_steal_pointer(&failure));
		return FALSE;
	}
	running = json_object_get(json_object_get(answer, "State"), "Running");
	*out_state = json_is_true(running) ? PROVIDER_RUNNING : PROVIDER_STOPPED;
	return TRUE;
}

gboolean container_engine_stop(ContainerEngine *engine, const char *name, unsigned seconds,
			       GError **error)
{
	g_autofree char *path = g_strdup_printf("/containers/%s/stop?t=%u", name, seconds);
	g_autoptr(GError) failure = NULL;

	if (ask(engine, "POST", path, NULL, NULL, &failure) || failure->code == FAULT_NOT_FOUND)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failure));
	return FALSE;
}

gboolean container_engine_remove(ContainerEngine *engine, const char *name, GError **error)
{
	g_autofree char *path = g_strconcat("/containers/", name, "?force=true&v=true", NULL);
	g_autoptr(GError) failure = NULL;

	/* Podman would give it ten seconds. */
	if (!container_engine_stop(engine, name, 0, error))
		return FALSE;
	if (ask(engine, "DELETE", path, NULL, NULL, &failure) || failure->code == FAULT_NOT_FOUND)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failure));
	return FALSE;
}

gboolean container_engine_list(ContainerEngine *engine, const char *place, GPtrArray *ids,
			       GError **error)
{
	g_autofree char *label = g_strconcat(CONTAINER_PLACE "=", place, NULL);
	json_auto_t *filters = json_pack("{s:[s]}", "label", label);
	g_autofree char *text = json_dumps(filters, JSON_COMPACT);
	g_autofree char *escaped = g_uri_escape_string(text, NULL, FALSE);
	g_autofree char *path = g_strconcat("/containers/json?all=true&filters=", escaped, NULL);
	json_auto_t *answer = NULL;
	gsize i;
	json_t *container;

	if (!ask(engine, "GET", path, NULL, &answer, error))
		return FALSE;
	json_array_foreach (answer, i, container) {
		const char *id = json_string_value(
			json_object_get(json_object_get(container, "Labels"), CONTAINER_DESKTOP));

		if (id && !g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL))
			g_ptr_array_add(ids, g_strdup(id));
	}
	return TRUE;
}

gboolean container_engine_host(ContainerEngine *engine, ProviderHost *out, GError **error)
{
	json_auto_t *answer = NULL;

	if (!ask(engine, "GET", "/info", NULL, &answer, error))
		return FALSE;
	*out = (ProviderHost){
		.cpus = (unsigned)json_integer_value(json_object_get(answer, "NCPU")),
		.memory = (unsigned)(json_integer_value(json_object_get(answer, "MemTotal")) >> 20),
	};
	return TRUE;
}
