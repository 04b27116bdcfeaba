/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_misc: what watchers, programs and misled clients ask for. */
#include "handlers.h"

#include <string.h>

#include "services.h"

/* What is missing may name the database's server and user: that is for admins. */
gboolean handle_health(Request *request, GError **error)
{
	g_autofree char *detail = NULL;
	gboolean healthy = core_healthy(request->services->core, &detail);
	const char *why = request->admin_socket && detail ? detail : "not ready";
	char *text = g_strdup_printf("%s\n", healthy ? "ok" : why);

	reply_bytes(request, healthy ? 200 : 503, "text/plain; charset=utf-8", text, strlen(text));
	return TRUE;
}

gboolean handle_description(Request *request, GError **error)
{
	const char *cache;
	const File *file = files_find(request->services->files, "/api.yaml", &cache);

	if (file == NULL) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "api.yaml is not installed");
		return FALSE;
	}
	reply_file(request, 200, file, cache);
	return TRUE;
}

/* A gateway serves WebSockets itself; what comes through to here asked for none. */
gboolean handle_websockify(Request *request, GError **error)
{
	reply_refuse(request, 426, "client", "This address is for WebSockets.");
	reply_header(request, "Upgrade", "websocket");
	return TRUE;
}
