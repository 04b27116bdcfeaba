/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins over HTTP, with the PAM of fake-core.h. */
#include "api-fixture.h"

#include <string.h>

#define LOGIN "/api/v1/login"

static const char *text_of(json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static Answer *answer_with(Fixture *f, const char *proxy, const char *conversation,
			   const char *answers)
{
	g_autofree char *path = g_strdup_printf(LOGIN "/%s", conversation);
	g_autofree char *body = g_strdup_printf("{\"answers\":%s}", answers);

	return http_ask(f->web, proxy, "POST", path, NULL, body);
}

/* 202 with these prompts, each "kind:text"; returns the conversation's id. */
static char *expect_prompts(const Answer *answer, const char *const *expected)
{
	g_autoptr(json_t) json = answer_json(answer);
	json_t *prompts = json_object_get(json, "prompts");

	g_assert_cmpuint(answer->status, ==, 202);
	g_assert_cmpuint(json_array_size(prompts), ==, g_strv_length((char **)expected));
	for (unsigned i = 0; expected[i] != NULL; i++) {
		json_t *prompt = json_array_get(prompts, i);
		g_autofree char *got =
			g_strconcat(text_of(prompt, "kind"), ":", text_of(prompt, "text"), NULL);

		g_assert_cmpstr(got, ==, expected[i]);
	}
	return g_strdup(text_of(json, "conversation"));
}

static void test_password(Fixture *f, gconstpointer data)
{
	g_autoptr(Answer) answer =
		fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"anna\",\"password\":\"secret\"}");
	g_autoptr(json_t) json = answer_json(answer);
	g_autofree char *cookie = answer_header(answer, "Set-Cookie");
	g_autofree char *cache = answer_header(answer, "Cache-Control");
	g_autofree char *header = NULL;
	g_autoptr(Answer) session = NULL;
	g_autoptr(Answer) out = NULL;
	g_autoptr(Answer) after = NULL;

	g_assert_cmpuint(answer->status, ==, 200);
	g_assert_cmpstr(text_of(json, "user"), ==, "anna");
	g_assert_true(json_is_false(json_object_get(json, "admin")));
	g_assert_cmpstr(cache, ==, "no-store");
	g_assert_cmpstr(fake_core_calls(f->core), ==, "login anna 192.0.2.1\n");
	g_assert_true(g_str_has_suffix(cookie, "; Path=/; Secure; HttpOnly; SameSite=Strict"));

	*strchr(cookie, ';') = '\0';
	header = g_strdup_printf("Cookie: x=1; %s\r\nX-Oriel-CSRF: 1\r\n", cookie);
	session = fixture_ask(f, "GET", "/api/v1/session", header, NULL);
	g_assert_cmpuint(session->status, ==, 200);
	g_assert_cmpstr(session->body, ==, "{\"user\":\"anna\",\"admin\":false}");
	out = fixture_ask(f, "POST", "/api/v1/logout", header, NULL);
	g_assert_cmpuint(out->status, ==, 204);
	after = fixture_ask(f, "GET", "/api/v1/session", header, NULL);
	g_assert_cmpuint(after->status, ==, 401);
}

/* What PAM says beside its questions reaches the person, also when the password was the answer. */
static void test_messages(Fixture *f, gconstpointer data)
{
	g_autoptr(Answer) answer =
		fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"root\",\"password\":\"secret\"}");

	g_assert_cmpuint(answer->status, ==, 200);
	g_assert_nonnull(strstr(answer->body, "\"messages\":["
					      "{\"kind\":\"info\",\"text\":\"All is logged.\"},"
					      "{\"kind\":\"info\",\"text\":\"Welcome.\"}]"));
	g_assert_null(strstr(answer->body, "Password: "));
}

/* The same words whether the person exists or not, and no word of the password. */
static void test_refused(Fixture *f, gconstpointer data)
{
	g_autoptr(Answer) wrong =
		fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"anna\",\"password\":\"hunter2\"}");
	g_autoptr(Answer) unknown =
		fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"zoe\",\"password\":\"hunter2\"}");
	g_autofree char *scheme = answer_header(wrong, "WWW-Authenticate");

	g_assert_cmpuint(wrong->status, ==, 401);
	g_assert_cmpuint(unknown->status, ==, 401);
	g_assert_cmpstr(wrong->body, ==, unknown->body);
	g_assert_null(strstr(wrong->body, "hunter2"));
	g_assert_nonnull(strstr(wrong->body, "\"code\":\"denied\""));
	g_assert_cmpstr(scheme, ==, "Bearer");
	g_assert_cmpstr(fake_core_calls(f->core), ==,
			"refused anna 192.0.2.1\nrefused zoe 192.0.2.1\n");
}

static void test_code(Fixture *f, gconstpointer data)
{
	static const char *const code[] = {"info:Look at your telephone.", "visible:Code: ", NULL};
	g_autoptr(Answer) first =
		fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"otto\",\"password\":\"secret\"}");
	g_autofree char *id = expect_prompts(first, code);
	g_autoptr(Answer) odd = answer_with(f, PEER, id, "[\"a\",\"b\"]");
	g_autoptr(Answer) number = answer_with(f, PEER, id, "[123456]");
	g_autoptr(Answer) stranger = answer_with(f, PEER2, id, "[\"123456\"]");
	g_autoptr(Answer) in = NULL;
	g_autoptr(Answer) again = NULL;
	g_autoptr(json_t) json = NULL;

	/* Neither a slip nor somebody else's try ends the conversation. */
	g_assert_cmpuint(odd->status, ==, 400);
	g_assert_cmpuint(number->status, ==, 400);
	g_assert_cmpuint(stranger->status, ==, 401);
	in = answer_with(f, PEER, id, "[\"123456\"]");
	g_assert_cmpuint(in->status, ==, 200);
	json = answer_json(in);
	g_assert_cmpstr(text_of(json, "user"), ==, "otto");
	g_assert_cmpstr(text_of(json_array_get(json_object_get(json, "messages"), 0), "text"), ==,
			"Welcome.");
	again = answer_with(f, PEER, id, "[\"123456\"]");
	g_assert_cmpuint(again->status, ==, 401);
}

static void test_wrong_code(Fixture *f, gconstpointer data)
{
	static const char *const code[] = {"info:Look at your telephone.", "visible:Code: ", NULL};
	g_autoptr(Answer) first =
		fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"otto\",\"password\":\"secret\"}");
	g_autofree char *id = expect_prompts(first, code);
	g_autoptr(Answer) wrong = answer_with(f, PEER, id, "[\"000000\"]");

	g_assert_cmpuint(wrong->status, ==, 401);
	g_assert_cmpuint(fake_conversations(), ==, 0);
	g_assert_nonnull(strstr(fake_core_calls(f->core), "refused otto"));
}

/* The password answers the first secret question and no other. */
static void test_expired(Fixture *f, gconstpointer data)
{
	static const char *const fresh[] = {"info:Your password has expired.",
					    "secret:New password: ", NULL};
	static const char *const again[] = {"secret:Again: ", NULL};
	g_autoptr(Answer) first =
		fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"eva\",\"password\":\"secret\"}");
	g_autofree char *id = expect_prompts(first, fresh);
	g_autoptr(Answer) second = answer_with(f, PEER, id, "[\"better1\"]");
	g_autofree char *next = expect_prompts(second, again);
	g_autoptr(Answer) third = answer_with(f, PEER, next, "[\"better1\"]");

	g_assert_cmpuint(third->status, ==, 200);
}

static void test_user_alone(Fixture *f, gconstpointer data)
{
	static const char *const password[] = {"secret:Password: ", NULL};
	g_autoptr(Answer) first = fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"anna\"}");
	g_autofree char *id = expect_prompts(first, password);
	g_autoptr(Answer) in = answer_with(f, PEER, id, "[\"secret\"]");

	g_assert_cmpuint(in->status, ==, 200);
}

static void test_cancel(Fixture *f, gconstpointer data)
{
	static const char *const password[] = {"secret:Password: ", NULL};
	g_autoptr(Answer) first = fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"anna\"}");
	g_autofree char *id = expect_prompts(first, password);
	g_autofree char *path = g_strdup_printf(LOGIN "/%s", id);
	g_autoptr(Answer) gone = fixture_ask(f, "DELETE", path, NULL, NULL);
	g_autoptr(Answer) twice = fixture_ask(f, "DELETE", path, NULL, NULL);

	g_assert_cmpuint(gone->status, ==, 204);
	g_assert_cmpuint(fake_conversations(), ==, 0);
	g_assert_cmpuint(twice->status, ==, 404);
}

static void test_back_off(Fixture *f, gconstpointer data)
{
	static const char body[] = "{\"user\":\"anna\",\"password\":\"wrong\"}";
	g_autoptr(Answer) last = NULL;
	g_autofree char *wait = NULL;

	for (unsigned i = 0; i < 6; i++) {
		g_autoptr(Answer) answer = fixture_ask(f, "POST", LOGIN, NULL, body);

		g_assert_cmpuint(answer->status, ==, 401);
	}
	last = fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"anna\",\"password\":\"secret\"}");
	g_assert_cmpuint(last->status, ==, 429);
	wait = answer_header(last, "Retry-After");
	g_assert_cmpstr(wait, ==, "1");
}

/* Behind one address only so many wait, and nobody is kept out. */
static void test_many(Fixture *f, gconstpointer data)
{
	g_autoptr(Answer) more = NULL;
	g_autoptr(Answer) other = NULL;

	for (unsigned i = 0; i < 20; i++) {
		g_autoptr(Answer)
			answer = fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"anna\"}");

		g_assert_cmpuint(answer->status, ==, 202);
	}
	more = fixture_ask(f, "POST", LOGIN, NULL, "{\"user\":\"anna\"}");
	g_assert_cmpuint(more->status, ==, 202); /* in the place of the oldest */
	g_assert_cmpuint(fake_conversations(), ==, 20);
	other = http_ask(f->web, PEER2, "POST", LOGIN, NULL, "{\"user\":\"anna\"}");
	g_assert_cmpuint(other->status, ==, 202);
}

static void test_bad_requests(Fixture *f, gconstpointer data)
{
	static const struct {
		const char *body;
		unsigned status;
	} cases[] = {
		{"{\"user\":\"\",\"password\":\"x\"}", 400},
		{"{\"password\":\"x\"}", 400},
		{"{\"user\":\"a\",\"user\":\"b\"}", 400},
		{"{\"user\":\"anna\",\"password\":\"secret\",\"admin\":true}", 400},
		{"nonsense", 400},
		{"{\"user\":\"nobody-serves\",\"password\":\"x\"}", 503},
	};
	g_autofree char *filler = g_strnfill(600, 'x');
	g_autofree char *long_user = g_strdup_printf("{\"user\":\"%s\"}", filler);
	g_autoptr(Answer) answer = fixture_ask(f, "POST", LOGIN, NULL, long_user);

	g_assert_cmpuint(answer->status, ==, 400);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Answer) bad = fixture_ask(f, "POST", LOGIN, NULL, cases[i].body);

		g_assert_cmpuint(bad->status, ==, cases[i].status);
		g_assert_null(strstr(bad->body, "auth.sock"));
	}
	g_assert_cmpstr(fake_core_calls(f->core), ==, "");
}

/* As launchers for Proxmox VE do it: a form, and the one-time code along with the password. */
static void test_form(Fixture *f, gconstpointer data)
{
	static const struct {
		const char *form;
		unsigned status;
	} cases[] = {
		{"username=anna@pam&password=secret", 200},
		{"password=secret&username=anna%40pve", 200},
		{"username=anna@example.org&password=secret", 401},
		{"username=anna@pam&password=se%63ret+", 401},
		{"username=otto@pam&password=secret&otp=123456", 200},
		{"username=otto@pam&password=secret&otp=000000", 401},
		{"username=otto@pam&password=secret", 401},
		{"username=anna@pam", 400},
		{"username=%ff&password=x", 400},
		{"", 400},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Answer) answer =
			fixture_ask(f, "POST", "/api2/json/access/ticket", NULL, cases[i].form);
		g_autoptr(json_t) json = answer_json(answer);

		if (answer->status != cases[i].status)
			g_error("%s: %u %s", cases[i].form, answer->status, answer->body);
		if (answer->status != 200)
			continue;
		g_assert_nonnull(text_of(json_object_get(json, "data"), "ticket"));
		g_assert_null(strchr(text_of(json_object_get(json, "data"), "username"), '@'));
		g_assert_null(strstr(answer->head, "Set-Cookie"));
	}
	g_assert_cmpuint(fake_conversations(), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	fixture_test("/login/password", test_password);
	fixture_test("/login/messages", test_messages);
	fixture_test("/login/refused", test_refused);
	fixture_test("/login/code", test_code);
	fixture_test("/login/wrong-code", test_wrong_code);
	fixture_test("/login/expired", test_expired);
	fixture_test("/login/user-alone", test_user_alone);
	fixture_test("/login/cancel", test_cancel);
	fixture_test("/login/back-off", test_back_off);
	fixture_test("/login/many", test_many);
	fixture_test("/login/bad-requests", test_bad_requests);
	fixture_test("/login/form", test_form);
	return g_test_run();
}
