/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "request.h"

#include <string.h>

static Request *with_body(const char *type, const char *body)
{
	Request *request = request_new(NULL, FALSE, "192.0.2.1", "POST", "/x");

	if (type != NULL)
		request_add_header(request, "content-type", type);
	g_byte_array_append(request->body, (const guint8 *)body, (guint)strlen(body));
	return request;
}

static void test_json(void)
{
	static const char *const types[] = {"application/json", "application/json; charset=utf-8",
					    "Application/JSON;charset=utf-8"};

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autoptr(Request) request = with_body(types[i], "{\"user\": \"anna\"}");
		g_autoptr(json_t) root = NULL;
		g_autoptr(GError) error = NULL;
		const char *user = NULL, *password = NULL;

		g_assert_true(request_json(request, &root, &error, "{s:s,s?:s}", "user", &user,
					   "password", &password));
		g_assert_no_error(error);
		g_assert_cmpstr(user, ==, "anna");
		g_assert_null(password);
	}
}

static void test_strict(void)
{
	static const char *const bodies[] = {
		"",
		"{}",
		"[]",
		"\"user\"",
		"{\"user\": \"hunter2\"",
		"{\"user\": \"hunter2\"} x",
		"{\"user\": \"hunter2\"}{}",
		"{\"user\": \"hunter2\", \"user\": \"hunter2\"}",
		"{\"user\": \"hunter2\", \"hunter2\": 1}",
		"{\"user\": 7}",
		"{\"user\": null}",
		"{\"user\": \"hunter2\\u0000\"}",
		"{\"user\": \"hunter2\xff\"}",
		"{\"user\": [\"hunter2\"]}",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
		g_autoptr(Request) request = with_body("application/json", bodies[i]);
		g_autoptr(json_t) root = NULL;
		g_autoptr(GError) error = NULL;
		const char *user;

		g_assert_false(request_json(request, &root, &error, "{s:s}", "user", &user));
		g_assert_error(error, FAULT, FAULT_CLIENT);
		g_assert_null(strstr(error->message, "hunter2"));
		g_assert_null(root);
	}
}

static void test_type(void)
{
	static const char *const types[] = {NULL,
					    "",
					    "text/plain",
					    "application/jsonp",
					    "application/x-www-form-urlencoded",
					    "text/plain; application/json"};

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autoptr(Request) request = with_body(types[i], "{}");
		g_autoptr(json_t) root = NULL;
		g_autoptr(GError) error = NULL;

		g_assert_false(request_json(request, &root, &error, "{}"));
		g_assert_error(error, FAULT, FAULT_CLIENT);
	}
}

static void test_deep(void)
{
	g_autofree char *open = g_strnfill(60000, '[');
	g_autoptr(Request) request = with_body("application/json", open);
	g_autoptr(json_t) root = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_false(request_json(request, &root, &error, "{}"));
	g_assert_error(error, FAULT, FAULT_CLIENT);
}

static void test_query(void)
{
	g_autoptr(Request) request = request_new(NULL, FALSE, "p", "GET", "/x");
	g_autoptr(GError) error = NULL;
	gint64 value = -1;

	request_add_query(request, "limit", "25");
	request_add_query(request, "all", NULL);
	request_add_query(request, "off", "0");
	request_add_query(request, "na%6De", "B%C3%BCro");
	g_assert_false(request->invalid);
	g_assert_true(request_number(request, "limit", 1, 100, 7, &value, &error));
	g_assert_cmpint(value, ==, 25);
	g_assert_true(request_number(request, "before", 1, 100, 7, &value, &error));
	g_assert_cmpint(value, ==, 7);
	g_assert_false(request_number(request, "limit", 1, 10, 7, &value, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_assert_true(request_flag(request, "all"));
	g_assert_false(request_flag(request, "off"));
	g_assert_false(request_flag(request, "none"));
	g_assert_cmpstr(g_hash_table_lookup(request->query, "name"), ==, "B\303\274ro");

	request_add_query(request, "limit", "1");
	g_assert_true(request->invalid);
}

static void test_bad_query(void)
{
	static const char *const values[] = {"%", "%zz", "%00", "%ff"};

	for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
		g_autoptr(Request) request = request_new(NULL, FALSE, "p", "GET", "/x");

		request_add_query(request, "a", values[i]);
		g_assert_true(request->invalid);
	}
}

static void test_repeated_header(void)
{
	g_autoptr(Request) request = request_new(NULL, FALSE, "p", "GET", "/x");

	request_add_header(request, "Accept", "a");
	request_add_header(request, "accept", "b");
	request_add_header(request, "HOST", "a");
	g_assert_false(request->invalid);
	request_add_header(request, "host", "a");
	g_assert_true(request->invalid);
	g_assert_cmpstr(request->header[HEADER_HOST], ==, "a");
}

/* What a fault's message says stays inside, but for what the client itself did. */
static void test_fault(void)
{
	g_autoptr(Request) request = request_new(NULL, FALSE, "p", "GET", "/x");

	reply_fault(request, g_error_new(FAULT, FAULT_BROKER, "database /var/x is locked"));
	g_assert_cmpuint(request->reply.status, ==, 503);
	g_assert_nonnull(strstr(request->reply.body, "\"code\":\"broker\""));
	g_assert_null(strstr(request->reply.body, "/var/x"));
	g_assert_nonnull(request->reply.cause);

	reply_fault(request, g_error_new(FAULT, FAULT_CLIENT, "limit \"a\" \xff"));
	g_assert_cmpuint(request->reply.status, ==, 400);
	g_assert_nonnull(strstr(request->reply.body, "limit \\\"a\\\""));

	reply_fault(request, g_error_new(G_FILE_ERROR, 3, "odd"));
	g_assert_cmpuint(request->reply.status, ==, 500);

	request->admin_socket = TRUE;
	reply_fault(request, g_error_new(FAULT, FAULT_BUSY, "pool demo is in use"));
	g_assert_nonnull(strstr(request->reply.body, "pool demo is in use"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/request/json", test_json);
	g_test_add_func("/request/strict", test_strict);
	g_test_add_func("/request/type", test_type);
	g_test_add_func("/request/deep", test_deep);
	g_test_add_func("/request/query", test_query);
	g_test_add_func("/request/bad-query", test_bad_query);
	g_test_add_func("/request/repeated-header", test_repeated_header);
	g_test_add_func("/request/fault", test_fault);
	return g_test_run();
}
