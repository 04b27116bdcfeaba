/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard.h"

#include "fake-core.h"
#include "route.h"
#include "secret.h"
#include "services.h"

static void test_cookie(void)
{
	static const struct {
		const char *header, *value;
	} cases[] = {
		{"__Host-oriel=abc", "abc"},
		{"a=1; __Host-oriel=abc", "abc"},
		{"a=1;__Host-oriel=abc;b=2", "abc"},
		{"__Host-oriel=", ""},
		{"__Host-oriel=a=b", "a=b"},
		{"__Host-oriel", NULL},
		{"x__Host-oriel=abc", NULL},
		{"__Host-oriel2=abc", NULL},
		{"__host-oriel=abc", NULL},
		{"a=__Host-oriel=abc", NULL},
		{"__Host-oriel=abc; __Host-oriel=def", NULL}, /* which one would be ours? */
		{"", NULL},
		{";;;", NULL},
		{NULL, NULL},
	};
	autosecret char *set = guard_cookie("abc");
	autosecret char *clear = guard_cookie(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		autosecret char *value = guard_cookie_value(cases[i].header, GUARD_COOKIE);

		g_assert_cmpstr(value, ==, cases[i].value);
	}
	g_assert_cmpstr(set, ==, "__Host-oriel=abc; Path=/; Secure; HttpOnly; SameSite=Strict");
	g_assert_cmpstr(clear, ==,
			"__Host-oriel=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
}

static void test_origin(void)
{
	static const struct {
		const char *origin, *host;
		gboolean same;
	} cases[] = {
		{"https://vdi.test", "vdi.test", TRUE},
		{"https://VDI.test", "vdi.TEST", TRUE},
		{"https://vdi.test:8443", "vdi.test:8443", TRUE},
		{"https://vdi.test", "vdi.test:443", TRUE},
		{"https://vdi.test:443", "vdi.test", TRUE},
		{"https://[::1]:8443", "[::1]:8443", TRUE},
		{"http://vdi.test", "vdi.test", FALSE},
		{"https://vdi.test.evil.test", "vdi.test", FALSE},
		{"https://vdi.test:8443", "vdi.test", FALSE},
		{"https://vdi.test", "vdi.test:8443", FALSE},
		{"https://evil.test", "vdi.test", FALSE},
		{"https://vdi.tes", "vdi.test", FALSE},
		{"null", "vdi.test", FALSE},
		{"", "vdi.test", FALSE},
		{"https://vdi.test", NULL, FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(guard_same_origin(cases[i].origin, cases[i].host), ==,
				cases[i].same);
}

typedef struct {
	const char *method, *path;
	const char *user; /* NULL = no token, "?" = a token that is none */
	gboolean bearer;
	const char *csrf, *origin, *site;
	unsigned status; /* 0 = let in */
} Case;

static unsigned admit(const Services *services, const Case *c, gboolean admin_socket)
{
	g_autoptr(Request)
		request = request_new(services, admin_socket, "192.0.2.1", c->method, c->path);
	g_autofree char *allow = NULL;
	char *groups[] = {NULL};
	autosecret char *token = c->user ? core_login(services->core, c->user, groups, "p", NULL)
					 : NULL;

	if (c->user != NULL) {
		g_autofree char *value = g_strconcat(c->bearer ? "Bearer " : "__Host-oriel=",
						     *c->user == '?' ? "nonsense" : token, NULL);

		request_add_header(request, c->bearer ? "Authorization" : "Cookie", value);
	}
	request_add_header(request, "Host", "vdi.test");
	if (c->csrf != NULL)
		request_add_header(request, "X-Oriel-CSRF", c->csrf);
	if (c->origin != NULL)
		request_add_header(request, "Origin", c->origin);
	if (c->site != NULL)
		request_add_header(request, "Sec-Fetch-Site", c->site);
	g_assert_cmpint(route_match(routes, n_routes, request, &allow), ==, ROUTE_FOUND);
	if (!guard_admit(request))
		return request->reply.status;
	g_assert_cmpstr(request->who ? request->who->user : NULL, ==,
			request->route->may == MAY_ANYONE || admin_socket ? NULL : c->user);
	return 0;
}

#define OWN   "https://vdi.test"
#define OTHER "https://evil.test"

static void test_admit(void)
{
	static const char connect[] = "/api/v1/desktops/d-1/connect";
	static const char console[] = "/api/v1/desktops/d-1/console.vv";
	static const Case cases[] = {
		/* who */
		{"GET", "/api/v1/desktops", NULL, FALSE, NULL, NULL, NULL, 401},
		{"GET", "/api/v1/desktops", "?", FALSE, NULL, NULL, NULL, 401},
		{"GET", "/api/v1/desktops", "?", TRUE, NULL, NULL, NULL, 401},
		{"GET", "/api/v1/desktops", "anna", FALSE, NULL, NULL, NULL, 0},
		{"GET", "/api/v1/desktops", "anna", TRUE, NULL, NULL, NULL, 0},
		{"GET", "/healthz", NULL, FALSE, NULL, OTHER, "cross-site", 0},
		{"GET", "/api/v1/admin/pools", "anna", TRUE, NULL, NULL, NULL, 403},
		{"GET", "/api/v1/admin/pools", "root", TRUE, NULL, NULL, NULL, 0},
		{"GET", "/api/v1/admin/pools", NULL, FALSE, NULL, NULL, NULL, 401},
		/* a program needs no more than its token */
		{"POST", connect, "anna", TRUE, NULL, NULL, NULL, 0},
		{"POST", connect, "anna", TRUE, NULL, OTHER, "cross-site", 0},
		/* a browser must come from our own page */
		{"POST", connect, "anna", FALSE, NULL, OWN, "same-origin", 403},
		{"POST", connect, "anna", FALSE, "1", OWN, "same-origin", 0},
		{"POST", connect, "anna", FALSE, "1", NULL, NULL, 0},
		{"POST", connect, "anna", FALSE, "1", OTHER, NULL, 403},
		{"POST", connect, "anna", FALSE, "1", "null", NULL, 403},
		{"POST", connect, "anna", FALSE, "1", OWN, "same-site", 403},
		{"POST", connect, "anna", FALSE, "1", OWN, "cross-site", 403},
		/* a GET that makes a ticket */
		{"GET", console, "anna", FALSE, NULL, NULL, NULL, 0},
		{"GET", console, "anna", FALSE, NULL, NULL, "none", 0},
		{"GET", console, "anna", FALSE, NULL, NULL, "same-origin", 0},
		{"GET", console, "anna", FALSE, NULL, NULL, "same-site", 403},
		{"GET", console, "anna", FALSE, NULL, NULL, "cross-site", 403},
		{"GET", console, "anna", TRUE, NULL, NULL, NULL, 0},
		/* nobody is logged in by somebody else's page */
		{"POST", "/api/v1/login", NULL, FALSE, NULL, NULL, NULL, 0},
		{"POST", "/api/v1/login", NULL, FALSE, NULL, OWN, "same-origin", 0},
		{"POST", "/api/v1/login", NULL, FALSE, NULL, OTHER, NULL, 403},
		{"POST", "/api/v1/login", NULL, FALSE, NULL, NULL, "cross-site", 403},
	};
	Core *core = fake_core_new(options_load(NULL, NULL));
	Services services = {.core = core};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("case %zu", i);
		g_assert_cmpuint(admit(&services, &cases[i], FALSE), ==, cases[i].status);
	}
	fake_core_free(core);
}

static void test_admin_socket(void)
{
	static const Case cases[] = {
		{"GET", "/api/v1/admin/pools", NULL, FALSE, NULL, NULL, NULL, 0},
		{"POST", "/api/v1/admin/pools", NULL, FALSE, NULL, NULL, NULL, 0},
		{"GET", "/healthz", NULL, FALSE, NULL, NULL, NULL, 0},
		{"GET", "/api/v1/desktops", NULL, FALSE, NULL, NULL, NULL, 403},
		{"GET", "/api/v1/desktops", "anna", TRUE, NULL, NULL, NULL, 403},
	};
	Core *core = fake_core_new(options_load(NULL, NULL));
	Services services = {.core = core};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpuint(admit(&services, &cases[i], TRUE), ==, cases[i].status);
	fake_core_free(core);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/guard/cookie", test_cookie);
	g_test_add_func("/guard/origin", test_origin);
	g_test_add_func("/guard/admit", test_admit);
	g_test_add_func("/guard/admin-socket", test_admin_socket);
	return g_test_run();
}
