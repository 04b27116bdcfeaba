/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_hosts: the machines that desktops run on, for admins. */
#include "handlers.h"

#include "services.h"
#include "views.h"

#define HOSTS_MAX 10000

gboolean handle_hosts(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_hosts(request->services->core, error), view_host);
}

gboolean handle_host_add(Request *request, GError **error)
{
	json_int_t cpus = 0, memory = 0, cpu_ratio = 0, memory_ratio = 0;
	const char *name, *provider, *uri = "", *storage = NULL;
	g_autoptr(json_t) root = NULL;
	HostView host;

	if (!request_json(request, &root, error, "{s:s,s:s,s?:s,s?:I,s?:I,s?:I,s?:I,s?:s}", "name",
			  &name, "provider", &provider, "uri", &uri, "cpus", &cpus, "memory",
			  &memory, "cpu_ratio", &cpu_ratio, "memory_ratio", &memory_ratio,
			  "storage", &storage))
		return FALSE;
	if (!in_range("cpus", cpus, 0, 100000, error) ||
	    !in_range("memory", memory, 0, 1024 * 1024 * 1024, error) ||
	    !in_range("cpu_ratio", cpu_ratio, 0, 10000, error) ||
	    !in_range("memory_ratio", memory_ratio, 0, 10000, error))
		return FALSE;
	host = (HostView){
		.name = (char *)name,
		.provider = (char *)provider,
		.uri = (char *)uri,
		.storage = (char *)storage,
		.cpus = (unsigned)cpus,
		.memory = (unsigned)memory,
		.cpu_ratio = (unsigned)cpu_ratio,
		.memory_ratio = (unsigned)memory_ratio,
	};
	if (!core_host_add(request->services->core, admin_name(request), &host, error))
		return FALSE;
	return reply_created(request, "name", name);
}

gboolean handle_host_remove(Request *request, GError **error)
{
	return reply_done(request, core_host_remove(request->services->core, admin_name(request),
						    request->args[0], error));
}

gboolean handle_host_drain(Request *request, GError **error)
{
	return reply_done(request, core_host_drain(request->services->core, admin_name(request),
						   request->args[0], error));
}

gboolean handle_host_resume(Request *request, GError **error)
{
	return reply_done(request, core_host_resume(request->services->core, admin_name(request),
						    request->args[0], error));
}

gboolean handle_pool_hosts(Request *request, GError **error)
{
	g_auto(PoolHostsView) view = {0};

	if (!core_pool_hosts(request->services->core, request->args[0], &view, error))
		return FALSE;
	reply_json(request, 200, view_pool_hosts(&view));
	return TRUE;
}

/* The names in a JSON array of texts; NULL with FAULT_CLIENT. */
static char **take_names(json_t *array, GError **error)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	gboolean good = json_is_array(array) && json_array_size(array) <= HOSTS_MAX;

	for (gsize i = 0; good && i < json_array_size(array); i++) {
		const char *name = json_string_value(json_array_get(array, i));

		good = name != NULL;
		if (good)
			g_strv_builder_add(names, name);
	}
	if (good)
		return g_strv_builder_end(names);
	g_set_error(error, FAULT, FAULT_CLIENT, "hosts is a list of names");
	return NULL;
}

gboolean handle_pool_set_hosts(Request *request, GError **error)
{
	g_auto(GStrv) names = NULL;
	const char *placement = "spread";
	json_t *array = NULL;
	json_int_t apart = 0;
	g_autoptr(json_t) root = NULL;
	PoolHostsView view;

	if (!request_json(request, &root, error, "{s:o,s?:s,s?:I}", "hosts", &array, "placement",
			  &placement, "apart", &apart) ||
	    !in_range("apart", apart, 0, 100000, error))
		return FALSE;
	names = take_names(array, error);
	if (names == NULL)
		return FALSE;
	view = (PoolHostsView){
		.pool = request->args[0],
		.hosts = names,
		.placement = (char *)placement,
		.apart = (unsigned)apart,
	};
	return reply_done(request, core_pool_set_hosts(request->services->core, admin_name(request),
						       &view, error));
}
