/* SPDX-License-Identifier: GPL-3.0-or-later */
/* api: see api.h. Puts the parts together: listeners -> servers -> workers -> handlers; and the
 * exporter of what is counted. */
#include "api.h"

#include "exporter.h"
#include "listener.h"
#include "log.h"
#include "server.h"
#include "services.h"

/* Of the 64 threads for what takes long, for one person: several desktops, and some impatience. */
#define STARTS_EACH 8

/* Of the 16 questions to an OpenID provider: a code may be made up, and costs one. */
#define SIGNINS_EACH 8

struct Api {
	Services services;
	Workers *workers;
	Server *web, *admin;
	Listener *web_listener, *admin_listener;
	Exporter *exporter; /* NULL = off */
};

static void admit(gpointer data, int fd, const struct sockaddr *address, socklen_t length)
{
	server_adopt(data, fd, address, length);
}

static gboolean start(Api *api, Core *core, GError **error)
{
	const Options *options = core_options(core);

	api->services.core = core;
	api->services.files = files_load(options->web_root, error);
	if (api->services.files == NULL)
		return FALSE;
	api->services.logins = logins_new();
	api->services.limit = core_limit(core);
	if (!oidc_open(options, &api->services.oidc, error))
		return FALSE;
	api->services.quota = quota_new(STARTS_EACH);
	api->services.signins = quota_new(SIGNINS_EACH);
	api->services.events = events_new(core);
	api->workers = workers_new();
	api->web = server_new(&api->services, api->workers, FALSE,
			      (unsigned)options->max_per_address, error);
	api->admin = api->web ? server_new(&api->services, api->workers, TRUE, 0, error) : NULL;
	if (api->admin == NULL)
		return FALSE;
	if (*options->metrics != '\0') {
		api->exporter = exporter_start(core, options->metrics, error);
		if (api->exporter == NULL)
			return FALSE;
	}
	api->web_listener =
		listener_open(LISTENER_PROXIED, options->web, 0660, admit, api->web, error);
	if (api->web_listener == NULL)
		return FALSE;
	api->admin_listener =
		listener_open(LISTENER_LOCAL, options->admin, 0600, admit, api->admin, error);
	return api->admin_listener != NULL;
}

Api *api_start(Core *core, GError **error)
{
	Api *api = g_new0(Api, 1);

	if (!start(api, core, error)) {
		api_stop(api);
		return NULL;
	}
	return api;
}

void api_stop(Api *api)
{
	if (api == NULL)
		return;
	exporter_stop(api->exporter);
	listener_close(api->web_listener);
	listener_close(api->admin_listener);
	/* From now on no request gets a worker, and none is suspended: the servers may stop. */
	if (api->workers != NULL)
		workers_drain(api->workers);
	if (api->services.events != NULL)
		events_close(api->services.events);
	server_free(api->web);
	server_free(api->admin);
	workers_free(api->workers);
	logins_free(api->services.logins);
	oidc_free(api->services.oidc);
	quota_free(api->services.quota);
	quota_free(api->services.signins);
	events_free(api->services.events);
	files_free(api->services.files);
	g_free(api);
}
