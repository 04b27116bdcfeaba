/* SPDX-License-Identifier: GPL-3.0-or-later */
/* request: see request.h. */
#include "request.h"

#include <string.h>

#include "route.h"
#include "secret.h"

const char *const header_names[HEADER_COUNT] = {
	[HEADER_ACCEPT_ENCODING] = "Accept-Encoding",
	[HEADER_AUTHORIZATION] = "Authorization",
	[HEADER_CONTENT_TYPE] = "Content-Type",
	[HEADER_COOKIE] = "Cookie",
	[HEADER_CSRF] = "X-Oriel-CSRF",
	[HEADER_CSRF_PVE] = "CSRFPreventionToken",
	[HEADER_FETCH_SITE] = "Sec-Fetch-Site",
	[HEADER_HOST] = "Host",
	[HEADER_IF_NONE_MATCH] = "If-None-Match",
	[HEADER_ORIGIN] = "Origin",
};

Request *request_new(const Services *services, gboolean admin_socket, const char *peer,
		     const char *method, const char *path)
{
	Request *request = g_new0(Request, 1);

	request->services = services;
	request->admin_socket = admin_socket;
	request->peer = g_strdup(peer);
	request->method = g_strdup(method);
	request->path = g_strdup(path);
	request->query = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	request->body = g_byte_array_new();
	return request;
}

static void reply_clear(Reply *reply)
{
	if (reply->body != NULL)
		secret_wipe(reply->body, reply->length);
	g_clear_pointer(&reply->body, g_free);
	reply->length = 0;
	reply->file = NULL;
	g_clear_pointer(&reply->headers, g_ptr_array_unref);
	g_clear_error(&reply->cause);
}

void request_free(Request *request)
{
	if (request == NULL)
		return;
	g_free(request->peer);
	g_free(request->method);
	g_free(request->path);
	g_hash_table_unref(request->query);
	for (unsigned i = 0; i < HEADER_COUNT; i++)
		secret_free(request->header[i]);
	if (request->body->len > 0)
		secret_wipe(request->body->data, request->body->len);
	g_byte_array_unref(request->body);
	for (unsigned i = 0; i < G_N_ELEMENTS(request->args); i++)
		g_free(request->args[i]);
	who_free(request->who);
	reply_clear(&request->reply);
	g_free(request);
}

void request_add_header(Request *request, const char *name, const char *value)
{
	for (unsigned i = 0; i < HEADER_COUNT; i++) {
		if (g_ascii_strcasecmp(name, header_names[i]) != 0)
			continue;
		if (request->header[i] != NULL)
			request->invalid = TRUE;
		else
			request->header[i] = secret_dup(value ? value : "");
		return;
	}
}

void request_add_query(Request *request, const char *name, const char *value)
{
	g_autofree char *key = g_uri_unescape_string(name, NULL);
	g_autofree char *text = g_uri_unescape_string(value ? value : "", NULL);

	if (key == NULL || text == NULL || !g_utf8_validate(key, -1, NULL) ||
	    !g_utf8_validate(text, -1, NULL) || g_hash_table_contains(request->query, key))
		request->invalid = TRUE;
	else
		g_hash_table_insert(request->query, g_steal_pointer(&key), g_steal_pointer(&text));
}

gboolean request_json(Request *request, json_t **out_root, GError **error, const char *format, ...)
{
	const char *type = request->header[HEADER_CONTENT_TYPE];
	g_autoptr(json_t) root = NULL;
	json_error_t cause;
	va_list values;
	int failed;

	if (type == NULL || g_ascii_strncasecmp(type, "application/json", 16) != 0 ||
	    (type[16] != '\0' && type[16] != ';' && type[16] != ' ')) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "the body's Content-Type is not "
			    "application/json");
		return FALSE;
	}
	root = json_loadb((const char *)request->body->data, request->body->len,
			  JSON_REJECT_DUPLICATES, &cause);
	if (root == NULL || !json_is_object(root)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "the body is not one JSON object");
		return FALSE;
	}
	va_start(values, format);
	failed = json_vunpack_ex(root, &cause, JSON_STRICT, format, values);
	va_end(values);
	if (failed) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "the body's keys or their types are not "
			    "what this call takes");
		return FALSE;
	}
	*out_root = g_steal_pointer(&root);
	return TRUE;
}

gboolean request_number(Request *request, const char *name, gint64 min, gint64 max, gint64 fallback,
			gint64 *out, GError **error)
{
	const char *text = g_hash_table_lookup(request->query, name);
	gint64 value = fallback;

	if (text != NULL && !g_ascii_string_to_signed(text, 10, min, max, &value, NULL)) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "%s must be a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
			    name, min, max);
		return FALSE;
	}
	*out = value;
	return TRUE;
}

gboolean request_flag(Request *request, const char *name)
{
	const char *text = g_hash_table_lookup(request->query, name);

	return text != NULL && !g_str_equal(text, "0") && !g_str_equal(text, "false");
}

void reply_bytes(Request *request, unsigned status, const char *type, char *body, gsize length)
{
	reply_clear(&request->reply);
	request->reply.status = status;
	request->reply.type = type;
	request->reply.body = body;
	request->reply.length = length;
}

void reply_json(Request *request, unsigned status, json_t *json)
{
	char *body;

	/* Only a text that is no UTF-8 makes no JSON; none should have come this far. */
	if (json == NULL) {
		reply_refuse(request, 500, "bug", NULL);
		return;
	}
	/* What jansson outgrows meanwhile it wipes (jsonframe.c). */
	body = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	reply_bytes(request, status, "application/json", body, strlen(body));
}

void reply_empty(Request *request, unsigned status)
{
	reply_bytes(request, status, NULL, NULL, 0);
}

/* "br, gzip;q=0.8, *": is gzip among them, and not with a weight of 0? (RFC 9110, 12.5.3) */
static gboolean takes_gzip(const char *header)
{
	g_auto(GStrv) codings = g_strsplit(header ? header : "", ",", 16);

	for (char **coding = codings; *coding != NULL; coding++) {
		char *weight = strchr(*coding, ';');

		if (weight != NULL)
			*weight++ = '\0';
		if (g_ascii_strcasecmp(g_strstrip(*coding), "gzip") == 0)
			return weight == NULL ||
			       g_ascii_strtod(weight + strcspn(weight, "=") +
						      (strchr(weight, '=') != NULL),
					      NULL) > 0;
	}
	return FALSE;
}

void reply_file(Request *request, unsigned status, const File *file, const char *cache)
{
	gboolean packed = file->packed && takes_gzip(request->header[HEADER_ACCEPT_ENCODING]);
	/* Weak: the tag is that of the content, however it is packed. */
	g_autofree char *tag = g_strconcat(file->packed ? "W/" : "", file->etag, NULL);

	reply_bytes(request, status, file->type, NULL, 0);
	request->reply.file = file;
	request->reply.packed = packed;
	reply_header(request, "ETag", tag);
	reply_header(request, "Cache-Control", cache);
	if (file->packed != NULL)
		reply_header(request, "Vary", "Accept-Encoding");
	if (packed && status != 304)
		reply_header(request, "Content-Encoding", "gzip");
}

void reply_events(Request *request)
{
	reply_bytes(request, 200, "text/event-stream", NULL, 0);
	request->reply.events = TRUE;
	/* Reverse proxies may otherwise hold events back. */
	reply_header(request, "X-Accel-Buffering", "no");
}

void reply_header(Request *request, const char *name, const char *value)
{
	Reply *reply = &request->reply;

	if (reply->headers == NULL)
		reply->headers = g_ptr_array_new_with_free_func((GDestroyNotify)secret_free);
	g_ptr_array_add(reply->headers, secret_dup(name));
	g_ptr_array_add(reply->headers, secret_dup(value));
}

void reply_refuse(Request *request, unsigned status, const char *code, const char *words)
{
	Fault fault = FAULT_CLIENT;

	if (words == NULL && !fault_from_name(code, &fault))
		fault = FAULT_BUG;
	reply_json(request, status,
		   json_pack("{s:{s:s,s:s}}", "error", "code", code, "message",
			     words ? words : fault_info(fault)->words));
}

/* Their messages are words for whoever asked. */
static gboolean for_people(const GError *error)
{
	return fault_code(error) == FAULT_QUOTA || fault_code(error) == FAULT_MAINTENANCE;
}

void reply_fault(Request *request, GError *error)
{
	const FaultInfo *info = fault_info(fault_code(error));
	/* What this layer itself finds wrong with a request holds nothing secret and helps the
	 * program's author; other causes are told to admins only. */
	gboolean tell = request->admin_socket || fault_code(error) == FAULT_CLIENT ||
			for_people(error) ||
			(request->route && request->route->may == MAY_ADMIN && request->who);
	g_autofree char *words = tell ? g_utf8_make_valid(error->message, -1) : NULL;

	reply_refuse(request, info->http_status, info->name, words);
	request->reply.cause = error;
}
