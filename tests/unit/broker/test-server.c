/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server as somebody sees it who does not play by the rules, or is slow, or is many. */
#include "api-fixture.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"

#define GET_HEALTH "GET /healthz HTTP/1.1\r\nHost: vdi.test\r\nConnection: close\r\n\r\n"

/* The HTTP head may come in the same packet as the header, or the header byte by byte. */
static void test_proxy(Fixture *f, gconstpointer data)
{
	static const char *const peers[] = {PEER, PEER2, "", "[::ffff:192.0.2.7]:1"};
	static const char *const names[] = {"192.0.2.1", "2001:db8::1", "unknown", "192.0.2.7"};
	static const char header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0f\xc0\x00\x02\x05"
				     "\xc0\x00\x02\x09\x10\x00\x01\xbb\x04\x00\x00";
	g_autoptr(Answer) slow = NULL;
	int fd;

	for (gsize i = 0; i < G_N_ELEMENTS(peers); i++) {
		g_autofree char *expected = g_strdup_printf("refused anna %s\n", names[i]);
		g_autoptr(Answer) answer = http_ask(f->web, peers[i], "POST", "/api/v1/login", NULL,
						    "{\"user\":\"anna\",\"password\":\"no\"}");

		g_assert_cmpuint(answer->status, ==, 401);
		g_assert_cmpstr(fake_core_calls(f->core), ==, expected);
		fake_core_forget(f->core);
	}
	/* An extension (here one of three bytes) is skipped. */
	fd = http_connect(f->web, NULL);
	for (gsize i = 0; i < sizeof(header) - 1; i++)
		g_assert_cmpint(send(fd, header + i, 1, MSG_NOSIGNAL), ==, 1);
	http_send(fd, GET_HEALTH);
	slow = http_receive(fd);
	g_assert_cmpuint(slow->status, ==, 200);
}

static void test_no_proxy(Fixture *f, gconstpointer data)
{
	static const char *const lies[] = {
		GET_HEALTH,
		("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" GET_HEALTH),
		"\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
	};
	/* A length beyond what any header needs. */
	static const char big[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff";
	g_autoptr(Answer) huge = NULL;
	int fd;

	for (gsize i = 0; i < G_N_ELEMENTS(lies); i++) {
		g_autoptr(Answer) answer = NULL;

		fd = http_connect(f->web, NULL);
		http_send(fd, lies[i]);
		answer = http_receive(fd);
		g_assert_cmpuint(answer->status, ==, 0);
	}
	fd = http_connect(f->web, NULL);
	g_assert_cmpint(send(fd, big, sizeof(big) - 1, MSG_NOSIGNAL), ==, sizeof(big) - 1);
	huge = http_receive(fd);
	g_assert_cmpuint(huge->status, ==, 0);
}

/* Callers who say nothing hold up nobody, and are dropped. */
static void test_silent(Fixture *f, gconstpointer data)
{
	int silent[20];
	char byte;

	for (gsize i = 0; i < G_N_ELEMENTS(silent); i++)
		silent[i] = http_connect(f->web, NULL);
	for (unsigned i = 0; i < 5; i++) {
		g_autoptr(Answer) answer = fixture_ask(f, "GET", "/healthz", NULL, NULL);

		g_assert_cmpuint(answer->status, ==, 200);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(silent); i++) {
		g_assert_cmpint(recv(silent[i], &byte, 1, 0), ==, 0);
		close(silent[i]);
	}
}

static void test_body_limits(Fixture *f, gconstpointer data)
{
	g_autofree char *filler = g_strnfill(200000, ' ');
	g_autofree char *chunked =
		g_strdup_printf("POST /api/v1/login HTTP/1.1\r\nHost: a\r\n"
				"Connection: close\r\nContent-Type: application/json\r\n"
				"Transfer-Encoding: chunked\r\n\r\n30d40\r\n%s\r\n0\r\n\r\n",
				filler);
	g_autoptr(Answer) announced = fixture_ask(f, "POST", "/api/v1/login", NULL, filler);
	g_autoptr(Answer) unannounced = NULL;
	g_autoptr(Answer) fits = NULL;
	int fd = http_connect(f->web, PEER);

	g_assert_cmpuint(announced->status, ==, 413);
	http_send(fd, chunked);
	unannounced = http_receive(fd);
	g_assert_cmpuint(unannounced->status, ==, 413);
	filler[65000] = '\0';
	memcpy(filler, "{\"user\":\"otto\",\"password\":\"secret\"}", 36);
	fits = fixture_ask(f, "POST", "/api/v1/login", NULL, filler);
	g_assert_cmpuint(fits->status, ==, 202);

	/* Who does not stop is cut. */
	fd = http_connect(f->web, PEER);
	http_send(fd, "POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
	for (unsigned i = 0; i < 100000000 / 65000; i++) {
		if (send(fd, filler, 65000, MSG_NOSIGNAL) < 0)
			break;
		g_assert_cmpuint(i, <, 1000);
	}
	close(fd);
}

/* One connection, several requests. */
static void test_keep_alive(Fixture *f, gconstpointer data)
{
	int fd = http_connect(f->web, PEER);
	g_autoptr(Answer) answers = NULL;
	unsigned n = 0;

	http_send(fd, "GET / HTTP/1.1\r\nHost: vdi.test\r\n\r\n"
		      "POST /api/v1/login HTTP/1.1\r\nHost: vdi.test\r\nContent-Type: "
		      "application/json\r\n"
		      "Content-Length: "
		      "36\r\n\r\n{\"user\":\"anna\",\"password\":\"secret\"} " GET_HEALTH);
	answers = http_receive(fd);
	g_assert_cmpuint(answers->status, ==, 200);
	for (const char *at = answers->body; (at = strstr(at, "HTTP/1.1 200")) != NULL; at++)
		n++;
	g_assert_cmpuint(n, ==, 2);
	g_assert_true(g_str_has_suffix(answers->body, "ok\n"));
}

typedef struct {
	Fixture *fixture;
	char *bearer;
} Person;

static gpointer connect_slowly(gpointer data)
{
	Person *anna = data;
	g_autoptr(Answer)
		answer = fixture_ask(anna->fixture, "POST", "/api/v1/desktops/d-1/connect",
				     anna->bearer, "{\"protocol\":\"web\"}");

	return GUINT_TO_POINTER(answer->status);
}

/* Desktops that take long to start hold up neither lists nor logins; and nobody may have so many
 * under way that others could start none. */
static void test_slow(Fixture *f, gconstpointer data)
{
	Person anna = {f, fixture_bearer(f, "anna")};
	g_autoptr(Answer) update = NULL;
	GThread *threads[8];

	fake_core_hold(f->core, TRUE);
	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("slow", connect_slowly, &anna);
	fake_core_await(f->core, G_N_ELEMENTS(threads));
	for (unsigned i = 0; i < 5; i++) {
		g_autofree char *again = fixture_bearer(f, "anna");
		g_autoptr(Answer) answer = fixture_ask(f, "GET", "/api/v1/desktops", again, NULL);

		g_assert_cmpuint(answer->status, ==, 200);
	}
	g_assert_cmpuint(GPOINTER_TO_UINT(connect_slowly(&anna)), ==, 503);
	update = fixture_ask(f, "POST", "/api/v1/desktops/d-1/update", anna.bearer, "{}");
	g_assert_cmpuint(update->status, ==, 503);
	fake_core_hold(f->core, FALSE);
	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		g_assert_cmpuint(GPOINTER_TO_UINT(g_thread_join(threads[i])), ==, 200);
	g_assert_cmpuint(GPOINTER_TO_UINT(connect_slowly(&anna)), ==, 200);
	g_free(anna.bearer);
}

static gpointer stop(gpointer data)
{
	api_stop(data);
	return NULL;
}

/* Stopping waits for the requests in hand and lets their answers out; who said nothing is cut. */
static void test_stop(Fixture *f, gconstpointer data)
{
	g_autofree char *anna = fixture_bearer(f, "anna");
	g_autofree char *text = g_strdup_printf(
		"POST /api/v1/desktops/d-1/connect HTTP/1.1\r\n"
		"Host: a\r\n%sContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
		"{\"protocol\":\"web\"}",
		anna);
	int fd = http_connect(f->web, PEER), silent = http_connect(f->web, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Answer) answer = NULL;
	g_autoptr(Answer) none = NULL;
	GThread *thread;

	fake_core_hold(f->core, TRUE);
	http_send(fd, text);
	fake_core_await(f->core, 1);
	thread = g_thread_new("stop", stop, f->api);
	none = http_receive(silent);
	g_assert_cmpuint(none->status, ==, 0);
	fake_core_hold(f->core, FALSE);
	answer = http_receive(fd);
	g_assert_cmpuint(answer->status, ==, 200);
	g_thread_join(thread);
	f->api = api_start(f->core, &error);
	g_assert_no_error(error);
}

/* Reads on until the text has come. */
static void expect(int fd, GString *so_far, const char *text)
{
	while (strstr(so_far->str, text) == NULL) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		char piece[512];
		ssize_t n;

		g_assert_cmpint(poll(&poll_fd, 1, 60000), ==, 1);
		n = read(fd, piece, sizeof(piece));
		g_assert_cmpint(n, >, 0);
		g_string_append_len(so_far, piece, n);
	}
}

/* Events come as things change, for admins; stopping ends the stream. */
static void test_events(Fixture *f, gconstpointer data)
{
	g_autofree char *anna = fixture_bearer(f, "anna");
	g_autofree char *root = fixture_bearer(f, "root");
	g_autofree char *text =
		g_strdup_printf("GET /api/v1/admin/events HTTP/1.1\r\nHost: a\r\n%s\r\n", root);
	g_autoptr(GString) read_so_far = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Answer) refused = NULL;
	int fd = http_connect(f->web, PEER);

	refused = fixture_ask(f, "GET", "/api/v1/admin/events", anna, NULL);
	g_assert_cmpuint(refused->status, ==, 403);
	http_send(fd, text);
	expect(fd, read_so_far, ": still here");
	g_assert_nonnull(strstr(read_so_far->str, "text/event-stream"));
	g_assert_null(strstr(read_so_far->str, "event: "));
	fake_core_tell(f->core, CHANGE_SESSIONS);
	expect(fd, read_so_far, "event: sessions\ndata: 1\n\n");
	fake_core_tell(f->core, CHANGE_AUDIT | CHANGE_POOLS);
	expect(fd, read_so_far, "event: audit\n");
	expect(fd, read_so_far, "event: pools\n");
	g_assert_null(strstr(read_so_far->str, "event: desktops"));

	api_stop(f->api);
	expect(fd, read_so_far, "\r\n0\r\n\r\n"); /* the last chunk: an end, and no accident */
	close(fd);
	f->api = api_start(f->core, &error);
	g_assert_no_error(error);
}

/* A second broker is refused; a dead one's sockets are replaced. */
static void test_stale(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	Api *second = api_start(f->core, &error);
	g_autoptr(Answer) answer = NULL;

	g_assert_null(second);
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_clear_error(&error);
	answer = fixture_ask(f, "GET", "/healthz", NULL, NULL);
	g_assert_cmpuint(answer->status, ==, 200);

	api_stop(f->api);
	g_assert_true(g_file_set_contents(f->web, "precious", -1, NULL));
	f->api = api_start(f->core, &error);
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_null(f->api);
	g_clear_error(&error);
	g_unlink(f->web);
	f->api = api_start(f->core, &error);
	g_assert_no_error(error);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	fixture_test("/server/events", test_events);
	fixture_test("/server/proxy", test_proxy);
	fixture_test("/server/no-proxy", test_no_proxy);
	fixture_test("/server/silent", test_silent);
	fixture_test("/server/body-limits", test_body_limits);
	fixture_test("/server/keep-alive", test_keep_alive);
	fixture_test("/server/slow", test_slow);
	fixture_test("/server/stop", test_stop);
	fixture_test("/server/stale", test_stale);
	return g_test_run();
}
