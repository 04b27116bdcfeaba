/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_machines: computers that are there already, for admins and for the machines themselves. */
#include "handlers.h"

#include "secret.h"
#include "services.h"
#include "views.h"

#define DEFAULT_LOCAL 300 /* s that somebody sits at one, if it does not say how long */

/* The desktops that stand on their own somewhere: those of pools of kind "machines". */
gboolean handle_machines(Request *request, GError **error)
{
	g_autoptr(GPtrArray) desktops = core_admin_desktops(request->services->core, error);
	json_t *array;

	if (desktops == NULL)
		return FALSE;
	array = json_array();
	for (unsigned i = 0; i < desktops->len; i++) {
		const AdminDesktopView *desktop = g_ptr_array_index(desktops, i);

		if (g_strcmp0(desktop->kind, "machines") == 0)
			json_array_append_new(array, view_admin_desktop(desktop));
	}
	reply_json(request, 200, array);
	return TRUE;
}

gboolean handle_machine_add(Request *request, GError **error)
{
	MachineSpec machine = {0};
	g_autoptr(json_t) root = NULL;
	g_autofree char *id = NULL;

	if (!request_json(request, &root, error, "{s:s,s:s,s:s,s:s,s?:s,s?:s,s?:s}", "pool",
			  &machine.pool, "name", &machine.name, "protocol", &machine.protocol,
			  "address", &machine.address, "secret", &machine.secret, "power",
			  &machine.power, "power_secret", &machine.power_secret))
		return FALSE;
	machine.secret = or_null(machine.secret);
	machine.power = or_null(machine.power);
	machine.power_secret = or_null(machine.power_secret);
	if (!core_machine_add(request->services->core, admin_name(request), &machine, &id, error))
		return FALSE;
	return reply_created(request, "id", id);
}

gboolean handle_machine_token(Request *request, GError **error)
{
	autosecret char *token = core_machine_token(request->services->core, admin_name(request),
						    request->args[0], error);

	return token != NULL && reply_created(request, "token", token);
}

/* The machine's own word, not a person's. */
gboolean handle_machine_local(Request *request, GError **error)
{
	const char *authorization = request->header[HEADER_AUTHORIZATION];
	json_int_t seconds = DEFAULT_LOCAL;
	g_autoptr(json_t) root = NULL;
	const char *user;

	if (authorization == NULL || g_ascii_strncasecmp(authorization, "Bearer ", 7) != 0) {
		g_set_error(error, FAULT, FAULT_DENIED, "no token of a machine");
		return FALSE;
	}
	return request_json(request, &root, error, "{s:s,s?:I}", "user", &user, "seconds",
			    &seconds) &&
	       in_range("seconds", seconds, 10, 86400, error) &&
	       reply_done(request, core_machine_local(request->services->core, request->args[0],
						      authorization + 7, or_null(user),
						      (unsigned)seconds, error));
}

gboolean handle_machine_remove(Request *request, GError **error)
{
	return reply_done(request, core_machine_remove(request->services->core, admin_name(request),
						       request->args[0], error));
}
