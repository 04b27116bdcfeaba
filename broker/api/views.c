/* SPDX-License-Identifier: GPL-3.0-or-later */
/* views: see views.h. */
#include "views.h"

/* Names of accounts and guests come from outside and may not be UTF-8. */
static json_t *text(const char *value)
{
	g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

	return valid ? json_string(valid) : json_null();
}

static json_t *number(guint64 value)
{
	return json_integer((json_int_t)value);
}

json_t *view_desktop(const DesktopView *view)
{
	json_t *protocols = json_array();

	for (char **name = view->protocols; name && *name; name++)
		json_array_append_new(protocols, text(*name));
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I}", "id", text(view->id), "name",
			 text(view->name), "pool", text(view->pool), "kind", text(view->kind),
			 "state", text(view->state), "detail", text(view->detail), "protocols",
			 protocols, "last_used", (json_int_t)view->last_used);
}

json_t *view_session(const SessionView *view)
{
	json_t *json = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id", text(view->id), "user",
				 text(view->user), "desktop", text(view->desktop_id),
				 "desktop_name", text(view->desktop_name), "pool", text(view->pool),
				 "protocol", text(view->protocol), "via", text(view->via), "peer",
				 text(view->peer));

	json_object_set_new(json, "gateway", text(view->gateway));
	json_object_set_new(json, "state", text(view->state));
	json_object_set_new(json, "started_at", json_integer(view->started_at));
	json_object_set_new(json, "ended_at", json_integer(view->ended_at));
	json_object_set_new(json, "reason", text(view->reason));
	json_object_set_new(json, "bytes_in", number(view->bytes_in));
	json_object_set_new(json, "bytes_out", number(view->bytes_out));
	return json;
}

json_t *view_image(const ImageView *view)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:o}", "name", text(view->name), "disk",
			 text(view->disk), "kernel", text(view->kernel), "initrd",
			 text(view->initrd), "cmdline", text(view->cmdline), "xml", text(view->xml),
			 "memory", (json_int_t)view->memory, "cpus", (json_int_t)view->cpus,
			 "video", text(view->video));
}

json_t *view_pool(const PoolView *view)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:I,s:I}", "name", text(view->name), "kind",
			 text(view->kind), "image", text(view->image), "provider",
			 text(view->provider), "uri", text(view->uri), "max", (json_int_t)view->max,
			 "spare", (json_int_t)view->spare, "total", (json_int_t)view->total, "busy",
			 (json_int_t)view->busy);
}

json_t *view_admin_desktop(const AdminDesktopView *view)
{
	json_t *json = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id", text(view->id), "name",
				 text(view->name), "pool", text(view->pool), "kind",
				 text(view->kind), "state", text(view->state), "detail",
				 text(view->detail), "owner", text(view->owner));

	json_object_set_new(json, "address", text(view->address));
	json_object_set_new(json, "protocol", text(view->protocol));
	json_object_set_new(json, "identity", text(view->identity));
	json_object_set_new(json, "last_used", json_integer(view->last_used));
	return json;
}

json_t *view_entitlement(const EntitlementView *view)
{
	return json_pack("{s:o,s:o,s:o}", "pool", text(view->pool), "user", text(view->user),
			 "group", text(view->group));
}

json_t *view_audit(const AuditView *view)
{
	json_t *json = json_pack("{s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "id", (json_int_t)view->id,
				 "at", (json_int_t)view->at, "event", text(view->event), "user",
				 text(view->user), "peer", text(view->peer), "desktop",
				 text(view->desktop), "session", text(view->session), "detail",
				 text(view->detail));

	json_object_set_new(json, "bytes_in", number(view->bytes_in));
	json_object_set_new(json, "bytes_out", number(view->bytes_out));
	json_object_set_new(json, "milliseconds", number(view->milliseconds));
	return json;
}

json_t *view_array(const GPtrArray *views, json_t *(*view)(gconstpointer))
{
	json_t *array = json_array();

	for (unsigned i = 0; i < views->len; i++)
		json_array_append_new(array, view(g_ptr_array_index(views, i)));
	return array;
}
