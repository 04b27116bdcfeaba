/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handle: see the end of handlers.h. */
#include "handlers.h"

const char *admin_name(const Request *request)
{
	return request->who ? request->who->user : request->peer;
}

char *or_null(const char *text)
{
	return text != NULL && *text != '\0' ? (char *)text : NULL;
}

gboolean in_range(const char *name, json_int_t value, json_int_t min, json_int_t max,
		  GError **error)
{
	if (value >= min && value <= max)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CLIENT, "%s must be from %lld to %lld", name,
		    (long long)min, (long long)max);
	return FALSE;
}

gboolean reply_done(Request *request, gboolean done)
{
	if (done)
		reply_empty(request, 204);
	return done;
}

gboolean reply_created(Request *request, const char *key, const char *value)
{
	reply_json(request, 201, json_pack("{s:s}", key, value));
	return TRUE;
}

gboolean reply_views(Request *request, GPtrArray *views, json_t *(*view)(gconstpointer))
{
	json_t *array;

	if (views == NULL)
		return FALSE;
	array = json_array();
	for (unsigned i = 0; i < views->len; i++)
		json_array_append_new(array, view(g_ptr_array_index(views, i)));
	g_ptr_array_unref(views);
	reply_json(request, 200, array);
	return TRUE;
}
