/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle_pools: desktops of a kind, and the version of an image that they are on, for admins. */
#include "handlers.h"

#include "services.h"
#include "views.h"

#define DEFAULT_MAX 10 /* desktops: a small office */

gboolean handle_pools(Request *request, GError **error)
{
	return REPLY_VIEWS(request, core_pools(request->services->core, error), view_pool);
}

gboolean handle_pool_add(Request *request, GError **error)
{
	const char *name, *kind, *image = NULL, *provider = NULL, *uri = "";
	json_int_t max = DEFAULT_MAX, spare = 0, version = 0, weight = 0;
	int instant = 0;
	g_autoptr(json_t) root = NULL;
	PoolView pool;

	if (!request_json(request, &root, error,
			  "{s:s,s:s,s?:s,s?:I,s?:s,s?:s,s?:I,s?:I,s?:b,s?:I}", "name", &name,
			  "kind", &kind, "image", &image, "version", &version, "provider",
			  &provider, "uri", &uri, "max", &max, "spare", &spare, "instant", &instant,
			  "weight", &weight))
		return FALSE;
	if (!in_range("max", max, 1, 100000, error) || !in_range("spare", spare, 0, max, error) ||
	    !in_range("version", version, 0, G_MAXINT32, error) ||
	    !in_range("weight", weight, 0, 10000, error))
		return FALSE;
	if (provider == NULL)
		provider = g_str_equal(kind, "machines") ? "machine" : "qemu";
	pool = (PoolView){
		.name = (char *)name,
		.kind = (char *)kind,
		.image = or_null(image),
		.version = (unsigned)version,
		.instant = instant,
		.weight = (unsigned)weight,
		.provider = (char *)provider,
		.uri = (char *)uri,
		.max = (unsigned)max,
		.spare = (unsigned)spare,
	};
	if (!core_pool_add(request->services->core, admin_name(request), &pool, error))
		return FALSE;
	return reply_created(request, "name", name);
}

gboolean handle_pool_remove(Request *request, GError **error)
{
	return reply_done(request, core_pool_remove(request->services->core, admin_name(request),
						    request->args[0], error));
}

gboolean handle_pool_publish(Request *request, GError **error)
{
	const char *image = NULL;
	json_int_t version = 0;
	g_autoptr(json_t) root = NULL;

	/* No body: the newest version of the same image. */
	if ((request->body->len > 0 && !request_json(request, &root, error, "{s?:s,s?:I}", "image",
						     &image, "version", &version)) ||
	    !in_range("version", version, 0, G_MAXINT32, error))
		return FALSE;
	return reply_done(request, core_pool_publish(request->services->core, admin_name(request),
						     request->args[0], or_null(image),
						     (unsigned)version, error));
}

gboolean handle_pool_rollback(Request *request, GError **error)
{
	return reply_done(request, core_pool_rollback(request->services->core, admin_name(request),
						      request->args[0], error));
}
