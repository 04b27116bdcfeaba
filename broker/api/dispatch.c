/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dispatch: see dispatch.h. */
#include "dispatch.h"

#include <string.h>

#include "guard.h"
#include "log.h"
#include "metrics.h"
#include "quota.h"
#include "services.h"

static void serve_file(Request *request)
{
	g_autofree char *path = g_uri_unescape_string(request->path, NULL);
	const char *cache;
	const File *file = path ? files_find(request->services->files, path, &cache) : NULL;

	if (file == NULL) {
		static const char page[] =
			"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
			"<title>Not found</title><h1>Not found</h1>"
			"<p>There is no such page. <a href=\"/\">To your desktops</a></p></html>";

		file = files_find(request->services->files, "/404.html", &cache);
		if (file == NULL) {
			reply_bytes(request, 404, "text/html; charset=utf-8", g_strdup(page),
				    strlen(page));
			return;
		}
		reply_file(request, 404, file, cache);
		return;
	}
	reply_file(request, file_matches(file, request->header[HEADER_IF_NONE_MATCH]) ? 304 : 200,
		   file, cache);
}

static gboolean refuse_method(Request *request, const char *allow)
{
	reply_refuse(request, 405, "client", "This address does not know this method.");
	reply_header(request, "Allow", allow);
	return FALSE;
}

gboolean dispatch(Request *request)
{
	gboolean head = g_str_equal(request->method, "HEAD");
	g_autofree char *allow = NULL;

	if (request->invalid) {
		reply_refuse(request, 400, "client", NULL);
		return FALSE;
	}
	/* The server leaves out the body by itself. */
	if (head) {
		g_free(request->method);
		request->method = g_strdup("GET");
	}
	switch (route_match(routes, n_routes, request, &allow)) {
	case ROUTE_FOUND:
		return head && request->route->guarded ? refuse_method(request, "GET") : TRUE;
	case ROUTE_UNKNOWN_METHOD: return refuse_method(request, allow);
	case ROUTE_UNKNOWN_PATH: break;
	}
	if (request->admin_socket || g_str_has_prefix(request->path, "/api/") ||
	    g_str_has_prefix(request->path, "/api2/"))
		reply_refuse(request, 404, "not-found", "There is no such call.");
	else if (!g_str_equal(request->method, "GET"))
		refuse_method(request, "GET, HEAD");
	else
		serve_file(request);
	return FALSE;
}

/* One line for what went wrong and for what somebody changed; none for looking. The pattern and
 * not the path, since a path may hold the id of a login under way. */
static void log_outcome(const Request *request)
{
	const Route *route = request->route;
	const Reply *reply = &request->reply;
	LogContext context = {
		.user = request->who ? request->who->user : NULL,
		.peer = request->peer,
		.step = "api",
	};

	if (reply->cause != NULL) {
		const FaultInfo *info = fault_info(fault_code(reply->cause));

		log_write(info->log_level, &context, "%s %s: %u fault=%s: %s", route->method,
			  route->pattern, reply->status, info->name, reply->cause->message);
		return;
	}
	if (!g_str_equal(route->method, "GET") || route->guarded)
		log_info(&context, "%s %s: %u", route->method, route->pattern, reply->status);
	else
		log_debug(&context, "%s %s: %u", route->method, route->pattern, reply->status);
}

/* The pattern here, too: a path is a stranger's choice. */
static void count_outcome(const Request *request, gint64 began)
{
	static const char *const works[WORK_COUNT] = {
		[WORK_QUICK] = "quick", [WORK_LOGIN] = "login", [WORK_START] = "start"};
	const Route *route = request->route;
	g_autofree char *status = g_strdup_printf("%u", request->reply.status);

	metrics_count(METRIC_HTTP, route->method, route->pattern, status);
	metrics_time(METRIC_HTTP_SECONDS, (double)(g_get_monotonic_time() - began) / 1e6,
		     works[route->work]);
}

/* What works for long at a person's desktop; a picture of it does not. */
static gboolean takes_long(const Route *route)
{
	return route->may == MAY_USER && route->work == WORK_START &&
	       (route->guarded || !g_str_equal(route->method, "GET"));
}

/* One person has but so much of that under way at a time. */
static gboolean run_route(Request *request, GError **error)
{
	Quota *quota = request->services->quota;
	const char *user = request->who ? request->who->user : NULL;
	gboolean done;

	if (!takes_long(request->route))
		return request->route->run(request, error);
	if (!quota_begin(quota, user)) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s has too much under way", user);
		return FALSE;
	}
	done = request->route->run(request, error);
	quota_end(quota, user);
	return done;
}

void dispatch_run(Request *request)
{
	gint64 began = g_get_monotonic_time();
	g_autoptr(GError) error = NULL;

	if (guard_admit(request) && !run_route(request, &error)) {
		gboolean login = request->route->work == WORK_LOGIN &&
				 g_error_matches(error, FAULT, FAULT_DENIED);

		reply_fault(request, g_steal_pointer(&error));
		/* Who is not yet in is not forbidden but unknown (RFC 9110, 15.5.2). */
		if (login)
			request->reply.status = 401;
	}
	if (request->reply.status == 401)
		reply_header(request, "WWW-Authenticate", "Bearer");
	count_outcome(request, began);
	log_outcome(request);
}

void dispatch_busy(Request *request)
{
	reply_refuse(request, 503, "busy", NULL);
	reply_header(request, "Retry-After", "5");
	request->reply.cause = g_error_new(FAULT, FAULT_BUSY, "too many requests are waiting");
	log_outcome(request);
}
