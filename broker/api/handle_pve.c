/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handle_pve: the few calls by which launchers for Proxmox VE log people in, list their desktops
 * and open one in a SPICE viewer, so that those launchers work here, too:
 *
 *   POST /api2/json/access/ticket               username, password, otp? -> {"data": {"ticket"...}}
 *   GET  /api2/json/cluster/resources           one "qemu" for each of my desktops with SPICE
 *   GET  /api2/json/nodes/{node}/qemu           the same
 *   GET  .../qemu/{vmid}/status/current         one of them
 *   POST .../qemu/{vmid}/spiceproxy             a connection file's keys, as JSON
 *   POST /api2/spiceconfig/.../spiceproxy       the file itself
 *
 * What they ask is turned into calls of our own API and what those answer into theirs: who may do
 * what is decided there. A vmid is a number made of the card's id, since launchers want numbers;
 * ids and names are understood as well. There is one node, whatever they call it.
 */
#include "handlers.h"

#include <string.h>

#include "form.h"
#include "secret.h"
#include "services.h"
#include "views.h"

#define NODE "oriel"

/* The launcher's words become ours, on the same request. */
static void set_body(Request *request, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	secret_wipe(request->body->data, request->body->len);
	g_byte_array_set_size(request->body, 0);
	g_byte_array_append(request->body, (const guint8 *)text, (guint)strlen(text));
	secret_wipe(text, strlen(text));
	free(text);
	secret_free(request->header[HEADER_CONTENT_TYPE]);
	request->header[HEADER_CONTENT_TYPE] = secret_dup("application/json");
	json_decref(json);
}

static json_t *reply_object(const Request *request)
{
	return json_loadb(request->reply.body, request->reply.length, 0, NULL);
}

static void reply_data(Request *request, json_t *data)
{
	reply_json(request, 200, json_pack("{s:o}", "data", data));
}

/* ---- login */

/* "anna@pam" is anna; other realms are part of the name, as with a directory's. */
static void drop_realm(char *user)
{
	char *at = strrchr(user, '@');

	if (at != NULL && (g_str_equal(at, "@pam") || g_str_equal(at, "@pve")))
		*at = '\0';
}

/* PAM asked for one thing more; otp: what the launcher brought along for that, NULL = nothing. */
static gboolean answer_more(Request *request, const char *otp, GError **error)
{
	g_autoptr(json_t) asked = reply_object(request);
	const char *id = json_string_value(json_object_get(asked, "conversation"));

	g_free(request->args[0]);
	request->args[0] = g_strdup(id);
	if (otp == NULL) {
		handle_login_cancel(request, NULL);
		reply_refuse(request, 401, "denied",
			     "This login asks for more than a password. Please use the web page.");
		return TRUE;
	}
	set_body(request, json_pack("{s:[s]}", "answers", otp));
	return handle_login_answer(request, error);
}

gboolean handle_pve_ticket(Request *request, GError **error)
{
	const GByteArray *form = request->body;
	autosecret char *user = form_field(form->data, form->len, "username");
	autosecret char *password = form_field(form->data, form->len, "password");
	autosecret char *otp = form_field(form->data, form->len, "otp");
	g_autoptr(json_t) answer = NULL;
	const char *token;

	if (user == NULL || password == NULL) {
		g_set_error(error, FAULT, FAULT_CLIENT, "username and password are missing");
		return FALSE;
	}
	drop_realm(user);
	set_body(request, json_pack("{s:s,s:s}", "user", user, "password", password));
	if (!handle_login(request, error))
		return FALSE;
	if (request->reply.status == 202 && !answer_more(request, otp, error))
		return FALSE;
	if (request->reply.status != 200)
		return TRUE;
	answer = reply_object(request);
	token = json_string_value(json_object_get(answer, "token"));
	reply_data(request, json_pack("{s:s,s:s,s:s}", "ticket", token, "CSRFPreventionToken",
				      "oriel:0", "username", user));
	return TRUE;
}

/* ---- desktops */

/* From 100 to 999999999, as they have them there; the same for the same card, always. */
static unsigned vmid_of(const char *id)
{
	guint32 hash = 2166136261u; /* FNV-1a */

	for (const char *c = id; *c != '\0'; c++)
		hash = (hash ^ (guint8)*c) * 16777619u;
	return 100 + hash % 999999900u;
}

static gboolean is_called(const DesktopView *desktop, const char *word)
{
	g_autofree char *vmid = g_strdup_printf("%u", vmid_of(desktop->id));

	return g_str_equal(word, vmid) || g_str_equal(word, desktop->id) ||
	       g_str_equal(word, desktop->name);
}

static gboolean has_spice(const DesktopView *desktop)
{
	return g_strv_contains((const char *const *)desktop->protocols, "spice");
}

/* Launchers refuse to open what does not run, and know no way to start it: ours start by being
 * opened. */
static json_t *view_vm(const DesktopView *desktop)
{
	unsigned vmid = vmid_of(desktop->id);
	g_autofree char *id = g_strdup_printf("qemu/%u", vmid);

	return json_pack("{s:s,s:s,s:i,s:s,s:o,s:s,s:s,s:i,s:s}", "id", id, "type", "qemu", "vmid",
			 (int)vmid, "node", NODE, "name", view_text(desktop->name), "status",
			 "running", "qmpstatus", "running", "template", 0, "pool", desktop->pool);
}

gboolean handle_pve_list(Request *request, GError **error)
{
	g_autoptr(GPtrArray) desktops = core_desktops(request->services->core, request->who, error);
	json_t *list;

	if (desktops == NULL)
		return FALSE;
	list = json_array();
	for (guint i = 0; i < desktops->len; i++) {
		if (has_spice(desktops->pdata[i]))
			json_array_append_new(list, view_vm(desktops->pdata[i]));
	}
	reply_data(request, list);
	return TRUE;
}

/* My card of this vmid (args[1]); desktop_view_free() it. */
static DesktopView *find(Request *request, GError **error)
{
	g_autoptr(GPtrArray) desktops = core_desktops(request->services->core, request->who, error);

	for (guint i = 0; desktops != NULL && i < desktops->len; i++) {
		if (is_called(desktops->pdata[i], request->args[1]))
			return g_ptr_array_steal_index(desktops, i);
	}
	if (desktops != NULL)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s has no desktop %s",
			    request->who->user, request->args[1]);
	return NULL;
}

gboolean handle_pve_status(Request *request, GError **error)
{
	g_autoptr(DesktopView) desktop = find(request, error);

	if (desktop == NULL)
		return FALSE;
	reply_data(request, view_vm(desktop));
	return TRUE;
}

gboolean handle_pve_file(Request *request, GError **error)
{
	g_autoptr(DesktopView) desktop = find(request, error);

	if (desktop == NULL)
		return FALSE;
	g_free(request->args[0]);
	request->args[0] = g_strdup(desktop->id);
	return handle_console(request, error);
}

/* The file's lines, as they are: launchers write them into one again, escapes and all. */
static json_t *keys_of(const char *text)
{
	json_t *keys = json_object();

	for (const char *line = text; *line != '\0';) {
		const char *end = strchrnul(line, '\n'),
			   *equals = memchr(line, '=', (gsize)(end - line));

		if (equals != NULL) {
			g_autofree char *key = g_strndup(line, (gsize)(equals - line));
			autosecret char *value = secret_ndup(equals + 1, (gsize)(end - equals) - 1);
			gint64 number;

			if (g_ascii_string_to_signed(value, 10, 0, G_MAXINT32, &number, NULL))
				json_object_set_new(keys, key, json_integer(number));
			else
				json_object_set_new(keys, key, json_string(value));
		}
		line = *end == '\n' ? end + 1 : end;
	}
	return keys;
}

gboolean handle_pve_spice(Request *request, GError **error)
{
	json_t *keys;

	if (!handle_pve_file(request, error))
		return FALSE;
	if (request->reply.status != 200)
		return TRUE;
	keys = keys_of(request->reply.body);
	reply_data(request, keys);
	return TRUE;
}
