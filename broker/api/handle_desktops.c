/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handle_desktops: a person's desktops, the tickets that open them, and the sessions that came of
 * it. What a person may see is the core's to decide; here is only the form.
 */
#include "handlers.h"

#include <string.h>

#include "secret.h"
#include "services.h"
#include "views.h"
#include "vv.h"

#define SESSIONS_MAX 1000

gboolean handle_desktops(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_desktops(request->services->core, request->who, error),
			   view_desktop);
}

gboolean handle_desktop(Request *request, GError **error)
{
	g_autoptr(DesktopView) desktop =
		core_desktop(request->services->core, request->who, request->args[0], error);

	if (desktop == NULL)
		return FALSE;
	reply_json(request, 200, view_desktop(desktop));
	return TRUE;
}

/* Its user agrees to lose what is on it, for what is new. */
gboolean handle_desktop_update(Request *request, GError **error)
{
	return reply_done(request, core_desktop_update(request->services->core, request->who,
						       request->args[0], request->peer, error));
}

/* Where viewers connect to: what the admin says, else the name by which this page was reached. */
static char *public_host(Request *request, GError **error)
{
	const char *configured = core_options(request->services->core)->public_host;
	const char *host = request->header[HEADER_HOST];
	const char *end;

	if (*configured != '\0')
		return g_strdup(configured);
	if (host == NULL || *host == '\0' || strlen(host) > 255 ||
	    strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			 ".-:[]") != strlen(host)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "the Host header names no host");
		return NULL;
	}
	end = *host == '[' ? strchr(host, ']') : strchrnul(host, ':');
	if (end == NULL) {
		g_set_error(error, FAULT, FAULT_CLIENT, "the Host header names no host");
		return NULL;
	}
	if (*host == '[')
		host++;
	return g_strndup(host, (gsize)(end - host));
}

/* A fresh ticket in the words of a viewer: {"ticket","expires_at","desktop","protocol",...}. */
static json_t *pack_ticket(const Options *options, const Ticket *ticket, const char *protocol,
			   const char *host)
{
	json_t *json = json_pack("{s:s,s:I,s:{s:s,s:o},s:s,s:s,s:i,s:i}", "ticket", ticket->ticket,
				 "expires_at", (json_int_t)ticket->expires_at, "desktop", "id",
				 ticket->desktop_id, "name", view_text(ticket->desktop_name),
				 "protocol", protocol, "host", host, "port", options->public_port,
				 "vnc_port", options->public_vnc_port);

	if (g_str_equal(protocol, "web")) {
		autosecret char *path = g_strconcat("websockify?token=", ticket->ticket, NULL);

		json_object_set_new(json, "path", json_string(path));
	}
	return json;
}

gboolean handle_connect(Request *request, GError **error)
{
	static const char *const protocols[] = {"web", "vnc", "spice", NULL};
	Core *core = request->services->core;
	g_autoptr(json_t) root = NULL;
	g_autoptr(Ticket) ticket = NULL;
	g_autofree char *host = NULL;
	const char *protocol;

	if (!request_json(request, &root, error, "{s:s}", "protocol", &protocol))
		return FALSE;
	if (!g_strv_contains(protocols, protocol)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "protocol must be web, vnc or spice");
		return FALSE;
	}
	host = public_host(request, error);
	if (host == NULL)
		return FALSE;
	ticket = core_connect(core, request->who, request->args[0], protocol, request->peer, error);
	if (ticket == NULL)
		return FALSE;
	reply_json(request, 200, pack_ticket(core_options(core), ticket, protocol, host));
	return TRUE;
}

/* True if the desktop has a SPICE display; else the error is set or the reply is ready. */
static gboolean has_spice(Request *request, GError **error)
{
	g_autoptr(DesktopView) desktop =
		core_desktop(request->services->core, request->who, request->args[0], error);

	if (desktop == NULL)
		return FALSE;
	if (g_strv_contains((const char *const *)desktop->protocols, "spice"))
		return TRUE;
	/* A .vv file for VNC would be of no use: viewers speak no TLS there. */
	reply_refuse(
		request, 409, "desktop",
		"This desktop has no SPICE display. Open it in the browser or with a VNC viewer.");
	return FALSE;
}

static gboolean read_ca(const Options *options, char **out_ca, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (*options->ca == '\0' || g_file_get_contents(options->ca, out_ca, NULL, &cause))
		return TRUE;
	g_set_error(error, FAULT, FAULT_CONFIG, "ca: %s", cause->message);
	return FALSE;
}

/* A name for the file that every system takes. */
static char *file_name(const char *desktop)
{
	g_autofree char *name = g_strdup(desktop);

	g_strcanon(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_.", '_');
	return g_strdup_printf("attachment; filename=\"%.64s.vv\"", name);
}

gboolean handle_console(Request *request, GError **error)
{
	Core *core = request->services->core;
	const Options *options = core_options(core);
	g_autoptr(Ticket) ticket = NULL;
	g_autofree char *host = NULL;
	g_autofree char *ca = NULL;
	g_autofree char *disposition = NULL;
	g_autoptr(GError) cause = NULL;
	char *text;

	if (!has_spice(request, &cause)) {
		if (cause == NULL)
			return TRUE;
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	host = public_host(request, error);
	if (host == NULL || !read_ca(options, &ca, error))
		return FALSE;
	ticket = core_connect(core, request->who, request->args[0], "spice", request->peer, error);
	if (ticket == NULL)
		return FALSE;
	text = vv_write(&(Vv){
		.host = host,
		.port = options->public_port,
		.ticket = ticket->ticket,
		.desktop = ticket->desktop_name,
		.ca = ca,
	});
	disposition = file_name(ticket->desktop_name);
	reply_bytes(request, 200, "application/x-virt-viewer", text, strlen(text));
	reply_header(request, "Content-Disposition", disposition);
	return TRUE;
}

/* ?all=1: everybody's, for admins. ?ended=1: also those that are over, newest first. */
gboolean handle_sessions(Request *request, GError **error)
{
	gboolean all = request_flag(request, "all");
	gint64 limit;

	if (all && !request->who->admin) {
		g_set_error(error, FAULT, FAULT_DENIED, "only admins see everybody's sessions");
		return FALSE;
	}
	if (!request_number(request, "limit", 1, SESSIONS_MAX, 100, &limit, error))
		return FALSE;
	return REPLY_VIEWS(request,
			   core_sessions(request->services->core, all ? NULL : request->who->user,
					 !request_flag(request, "ended"), (unsigned)limit, error),
			   view_session);
}

gboolean handle_session_end(Request *request, GError **error)
{
	return reply_done(request, core_session_end(request->services->core, request->who,
						    request->args[0], error));
}
