/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "route.h"

#include <string.h>

static RouteResult find(const char *method, const char *path, Request **out, char **allow)
{
	*out = request_new(NULL, FALSE, "192.0.2.1", method, path);
	return route_match(routes, n_routes, *out, allow);
}

static void test_found(void)
{
	static const struct {
		const char *method, *path, *pattern, *first, *second;
	} cases[] = {
		{"POST", "/api/v1/login", "/api/v1/login", NULL, NULL},
		{"POST", "/api/v1/login/abc", "/api/v1/login/{conversation}", "abc", NULL},
		{"GET", "/api/v1/desktops/d-1/console.vv", "/api/v1/desktops/{id}/console.vv",
		 "d-1", NULL},
		{"POST", "/api/v1/admin/desktops/d-1/reset", "/api/v1/admin/desktops/{id}/{action}",
		 "d-1", "reset"},
		{"DELETE", "/api/v1/admin/pools/B%C3%BCro%201", "/api/v1/admin/pools/{name}",
		 "B\303\274ro 1", NULL},
		{"GET", "/healthz", "/healthz", NULL, NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Request) request = NULL;
		g_autofree char *allow = NULL;

		g_assert_cmpint(find(cases[i].method, cases[i].path, &request, &allow), ==,
				ROUTE_FOUND);
		g_assert_cmpstr(request->route->pattern, ==, cases[i].pattern);
		g_assert_cmpstr(request->route->method, ==, cases[i].method);
		g_assert_cmpstr(request->args[0], ==, cases[i].first);
		g_assert_cmpstr(request->args[1], ==, cases[i].second);
	}
}

static void test_unknown(void)
{
	static const char *const paths[] = {
		"/",
		"/api/v1",
		"/api/v1/",
		"/api/v1/desktops/",
		"/api/v1/desktops//console.vv",
		"/api/v1/desktops/d-1/console.vv/",
		"/api/v1/desktops/a%2Fb", /* an escaped slash is no border and no name */
		"/api/v1/desktops/a%00b",
		"/api/v1/desktops/%ff",
		"/api/v1/desktops/%4",
		"/API/V1/desktops",
		"/api/v1/../v1/desktops",
		"/healthz/",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(Request) request = NULL;
		g_autofree char *allow = NULL;

		g_assert_cmpint(find("GET", paths[i], &request, &allow), ==, ROUTE_UNKNOWN_PATH);
		g_assert_null(request->route);
	}
}

static void test_method(void)
{
	g_autoptr(Request) request = NULL;
	g_autofree char *allow = NULL;

	g_assert_cmpint(find("PUT", "/api/v1/admin/entitlements", &request, &allow), ==,
			ROUTE_UNKNOWN_METHOD);
	g_assert_cmpstr(allow, ==, "GET, POST, DELETE");
}

/* Every row under /admin is for admins, and every other row that names a thing wants a login. */
static void test_rights(void)
{
	for (unsigned i = 0; i < n_routes; i++) {
		gboolean admin = g_str_has_prefix(routes[i].pattern, "/api/v1/admin/");

		g_assert_cmpint(routes[i].may == MAY_ADMIN, ==, admin);
		if (g_str_has_prefix(routes[i].pattern, "/api/v1/desktops") ||
		    g_str_has_prefix(routes[i].pattern, "/api/v1/session"))
			g_assert_cmpint(routes[i].may, ==, MAY_USER);
	}
}

/* docs/api.yaml has the same calls in the same order: "  /path:" and below it "    method:". */
static void test_description(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	g_autofree char *path = NULL;
	unsigned at = 0;

	g_assert_true(g_file_get_contents(g_getenv("API_YAML"), &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		g_autofree char *word = g_strndup(*line, MAX(strlen(*line), 1) - 1);

		if (g_str_has_prefix(*line, "  /")) {
			g_free(path);
			path = g_strdup(word + 2);
		} else if (g_str_equal(*line, "    get:") || g_str_equal(*line, "    post:") ||
			   g_str_equal(*line, "    delete:")) {
			g_autofree char *method = g_ascii_strup(word + 4, -1);

			g_assert_cmpuint(at, <, n_routes);
			g_assert_cmpstr(routes[at].pattern, ==, path);
			g_assert_cmpstr(routes[at].method, ==, method);
			at++;
		}
	}
	g_assert_cmpuint(at, ==, n_routes);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/route/found", test_found);
	g_test_add_func("/route/unknown", test_unknown);
	g_test_add_func("/route/method", test_method);
	g_test_add_func("/route/rights", test_rights);
	g_test_add_func("/route/description", test_description);
	return g_test_run();
}
