/* SPDX-License-Identifier: GPL-3.0-or-later */
/* redfish: see redfish.h. */
#include "machine/redfish.h"

#include <string.h>

#include "fault.h"
#include "http_ask.h"

#define SYSTEMS "/redfish/v1/Systems"
#define RESET   "#ComputerSystem.Reset"
#define SECONDS 20

typedef struct {
	const MachinePower *power;
	char *user;
	char *base; /* "https://host:port" */
	char *path; /* of the system, or of the collection of systems */
} Service;

static void service_clear(Service *service)
{
	g_free(service->user);
	g_free(service->base);
	g_free(service->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Service, service_clear)

static gboolean parse(const char *text, Service *out, GError **error)
{
	g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_HAS_PASSWORD, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	const char *path = uri ? g_uri_get_path(uri) : NULL;
	gboolean v6 = host && strchr(host, ':');

	if (!host || !*host || !g_str_equal(g_uri_get_scheme(uri), "https") ||
	    g_uri_get_password(uri) || !g_uri_get_user(uri) || g_uri_get_query(uri) ||
	    (*path && !g_str_equal(path, "/") && !g_str_has_prefix(path, SYSTEMS "/"))) {
		/* Not the text: it may hold what should not be there. */
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "redfish: want https://USER@HOST[:PORT][" SYSTEMS "/ID]");
		return FALSE;
	}
	out->user = g_strdup(g_uri_get_user(uri));
	out->path = g_strdup(*path && !g_str_equal(path, "/") ? path : SYSTEMS);
	out->base = g_strdup_printf(v6 ? "https://[%s]:%d" : "https://%s:%d", host,
				    g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : 443);
	return TRUE;
}

/* The message that DSP0266 puts into a refusal. */
static const char *words_of(json_t *answer)
{
	json_t *fault = json_object_get(answer, "error");
	json_t *first = json_array_get(json_object_get(fault, "@Message.ExtendedInfo"), 0);
	const char *words = json_string_value(json_object_get(first, "Message"));

	if (!words)
		words = json_string_value(json_object_get(fault, "message"));
	return words ? words : "(no words)";
}

/* path comes from the service: it stays on its own host, since it is put behind `base`. */
static gboolean ask(const Service *service, const char *method, const char *path, json_t *body,
		    json_t **out_json, GError **error)
{
	g_autofree char *url = g_strconcat(service->base, path, NULL);
	HttpAsk request = {.method = method,
			   .url = url,
			   .user = service->user,
			   .password = service->power->password,
			   .ca = service->power->ca,
			   .body = body,
			   .seconds = SECONDS};
	json_auto_t *answer = NULL;
	unsigned status = 0;

	if (*path != '/') {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: answers with a path that is none",
			    service->base);
		return FALSE;
	}
	if (!http_ask(&request, &status, &answer, error))
		return FALSE;
	if (status < 200 || status > 299) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s answers %u: %s", url, status,
			    words_of(answer));
		return FALSE;
	}
	if (out_json)
		*out_json = g_steal_pointer(&answer);
	return TRUE;
}

/* Replaces the collection's path by that of its only member. */
static gboolean find_system(Service *service, GError **error)
{
	json_auto_t *systems = NULL;
	json_t *members;
	const char *path;

	if (!g_str_equal(service->path, SYSTEMS))
		return TRUE;
	if (!ask(service, "GET", service->path, NULL, &systems, error))
		return FALSE;
	members = json_object_get(systems, "Members");
	path = json_string_value(json_object_get(json_array_get(members, 0), "@odata.id"));
	if (json_array_size(members) != 1 || !path) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: has %zu systems; say which",
			    service->base, json_array_size(members));
		return FALSE;
	}
	g_free(service->path);
	service->path = g_strdup(path);
	return TRUE;
}

static gboolean read_system(const MachinePower *power, Service *out_service, json_t **out_system,
			    GError **error)
{
	out_service->power = power;
	return parse(power->how + strlen("redfish:"), out_service, error) &&
	       find_system(out_service, error) &&
	       ask(out_service, "GET", out_service->path, NULL, out_system, error);
}

static gboolean is_on(json_t *system)
{
	const char *state = json_string_value(json_object_get(system, "PowerState"));

	return g_strcmp0(state, "On") == 0 || g_strcmp0(state, "PoweringOn") == 0;
}

gboolean redfish_check(const char *text, GError **error)
{
	g_auto(Service) service = {0};

	return parse(text, &service, error);
}

gboolean redfish_do(const MachinePower *power, PowerDeed deed, GError **error)
{
	static const char *const types[] = {"On", "GracefulShutdown", "ForceOff"};
	g_auto(Service) service = {0};
	json_auto_t *system = NULL, *body = json_pack("{s:s}", "ResetType", types[deed]);
	json_t *reset;
	const char *target;

	if (!read_system(power, &service, &system, error))
		return FALSE;
	if (is_on(system) == (deed == POWER_ON))
		return TRUE;
	reset = json_object_get(json_object_get(system, "Actions"), RESET);
	target = json_string_value(json_object_get(reset, "target"));
	if (!target) {
		g_set_error(error, FAULT, FAULT_CLIENT, "%s%s cannot be switched from here",
			    service.base, service.path);
		return FALSE;
	}
	return ask(&service, "POST", target, body, NULL, error);
}
