/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault.h"
#include "http/head.h"
#include "transcript.h"

static char *run(const Piece *pieces, gsize n_pieces, gconstpointer data)
{
	g_autoptr(GString) in = g_string_new(NULL);
	g_auto(Head) head = {0};
	GString *said = g_string_new(NULL);
	gssize length = 0;

	for (gsize i = 0; i < n_pieces && length == 0; i++) {
		g_autofree char *copy = NULL;
		g_autoptr(GError) error = NULL;

		g_string_append_len(in, pieces[i].bytes, (gssize)pieces[i].n);
		copy = g_memdup2(in->str, in->len); /* it may move */
		length = head_parse(&head, copy, in->len, &error);
		if (length < 0) {
			g_assert_error(error, FAULT, FAULT_CLIENT);
			g_string_append(said, error->message);
			return g_string_free(said, FALSE);
		}
	}
	g_string_append_printf(said, "%" G_GSSIZE_FORMAT, length);
	if (length > 0) {
		g_string_append_printf(said, " %s %s (%s) 1.%u", head.method, head.target,
				       head.path ? head.path : "", head.minor);
		for (unsigned i = 0; i < head.n_headers; i++)
			g_string_append_printf(said, " {%s|%s}", head.headers[i].name,
					       head.headers[i].value);
	}
	return g_string_free(said, FALSE);
}

static void check(const char *bytes, const char *expected)
{
	transcript_check(bytes, strlen(bytes), run, NULL, expected);
}

static void test_good(void)
{
	check("GET /a?b=c HTTP/1.1\r\nHost: x\r\nEmpty:\r\nSpaces: \t v w \t\r\n\r\nbody",
	      "57 GET /a?b=c (/a) 1.1 {Host|x} {Empty|} {Spaces|v w}");
	check("GET / HTTP/1.0\r\n\r\n", "18 GET / (/) 1.0");
	check("POST /x HTTP/1.1\r\nhost: y\r\ncontent-length: 5\r\n\r\nhello",
	      "48 POST /x (/x) 1.1 {host|y} {content-length|5}");
	check("GET http://h.test/p?q HTTP/1.1\r\nHost: h.test\r\n\r\n",
	      "48 GET http://h.test/p?q (/p) 1.1 {Host|h.test}");
	check("GET http://h.test?q HTTP/1.1\r\nHost: h.test\r\n\r\n",
	      "46 GET http://h.test?q (/) 1.1 {Host|h.test}");
	check("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", "29 OPTIONS * (*) 1.1 {Host|}");
	check("CONNECT d7.vdi:5900 HTTP/1.0\r\nHost: d7.vdi:5900\r\nProxy-Connection: "
	      "keep-alive\r\n"
	      "User-Agent: GLib/2.74\r\n\r\nREDQ",
	      "104 CONNECT d7.vdi:5900 () 1.0 {Host|d7.vdi:5900} {Proxy-Connection|keep-alive} "
	      "{User-Agent|GLib/2.74}");
	check("GET / HTTP/1.1\r\nHost: x\r\nX: \303\244\r\n\r\n",
	      "34 GET / (/) 1.1 {Host|x} {X|\303\244}");
	check("GET / HTTP/1.1\r\nHost: x\r\n", "0");
}

static void test_refused(void)
{
	check("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP head: no method");
	check("get / HTTP/1.1\r\n", "HTTP head: no method");
	check("GET / HTTP/1.1\nHost: x\n\n", "HTTP head: a bare CR or LF");
	check("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", "HTTP head: a bare CR or LF");
	check("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "HTTP head: a folded line");
	check("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n", "HTTP head: a folded line");
	check("GET / HTTP/1.1\r\nA: \1\r\n\r\n", "HTTP head: a control character");
	transcript_check("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24, run, NULL,
			 "HTTP head: a control character");
	check("GET / HTTP/1.1\r\n\r\n", "HTTP head: no Host");
	check("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
	      "HTTP head: a header twice that may be there once");
	check("GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: x\r\nsec-websocket-key: x\r\n\r\n",
	      "HTTP head: a header twice that may be there once");
	check("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nupgrade: x\r\n\r\n",
	      "HTTP head: a header twice that may be there once");
	check("GET / HTTP/1.1\r\nHost : x\r\n\r\n", "HTTP head: a bad header name");
	check("GET /\303\244 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP head: a bad target");
	check("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP head: a bad target");
	check("GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP head: a bad target");
	check("GET / HTTP/2.0\r\nHost: x\r\n\r\n", "HTTP head: not HTTP/1");
	check("NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP head: invalid HTTP method");
	check("CONNECT d7 HTTP/1.1\r\nHost: d7\r\n\r\n", "HTTP head: a CONNECT to no host:port");
	check("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
	      "HTTP head: unexpected content-length header");
	check("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
	      "HTTP head: invalid character in content-length header");
}

/* Limits: the longest head that is taken, one byte more, and one header more. */
static void test_limits(void)
{
	g_autoptr(GString) text = g_string_new("GET / HTTP/1.1\r\nHost: x\r\nA: ");
	g_auto(Head) head = {0}, over = {0}, full = {0}, many = {0};
	g_autoptr(GError) error = NULL;

	while (text->len < HEAD_MAX - 4)
		g_string_append_c(text, 'a');
	g_string_append(text, "\r\n\r\n");
	g_assert_cmpint(head_parse(&head, text->str, HEAD_MAX - 1, NULL), ==, 0);
	g_assert_cmpint(head_parse(&head, text->str, HEAD_MAX, NULL), ==, HEAD_MAX);
	g_string_insert_c(text, 30, 'a');
	g_assert_cmpint(head_parse(&over, text->str, HEAD_MAX - 1, NULL), ==, 0);
	g_assert_cmpint(head_parse(&over, text->str, HEAD_MAX, &error), ==, -1);
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);

	g_string_assign(text, "GET / HTTP/1.1\r\nHost: x\r\n");
	for (unsigned i = 1; i < HEAD_HEADERS; i++)
		g_string_append(text, "a: b\r\n");
	g_string_append(text, "\r\n");
	g_assert_cmpint(head_parse(&full, text->str, text->len, NULL), ==, text->len);
	g_assert_cmpuint(full.n_headers, ==, HEAD_HEADERS);
	g_string_insert(text, 25, "a: b\r\n");
	g_assert_cmpint(head_parse(&many, text->str, text->len, &error), ==, -1);
	g_assert_cmpstr(error->message, ==, "HTTP head: too many headers");
}

static void query(const char *target, const char *name, const char *expected)
{
	g_autofree char *text = g_strconcat("GET ", target, " HTTP/1.0\r\n\r\n", NULL);
	g_autofree char *value = NULL;
	g_auto(Head) head = {0};

	g_assert_cmpint(head_parse(&head, text, strlen(text), NULL), >, 0);
	value = head_query(&head, name, 16);
	g_assert_cmpstr(value, ==, expected);
}

static void test_query(void)
{
	query("/websockify?token=abc", "token", "abc");
	query("/websockify?x=1&token=abc&y", "token", "abc");
	query("/websockify?token=", "token", "");
	query("/websockify?token", "token", NULL);
	query("/websockify?xtoken=1", "token", NULL);
	query("/websockify?token=1?token=2", "token", "1?token=2");
	query("/websockify", "token", NULL);
	query("/websockify?", "token", NULL);
	query("/?a=1&a=1", "a", NULL);
	query("/?a=%41%2b+%C3%A4", "a", "A+ \303\244");
	query("/?a=%4", "a", NULL);
	query("/?a=%", "a", NULL);
	query("/?a=%zz", "a", NULL);
	query("/?a=%00", "a", NULL);
	query("/?a=%FF", "a", NULL);
	query("/?a=%4&b=1", "a", NULL);
	query("/?a=0123456789abcdef", "a", "0123456789abcdef");
	query("/?a=0123456789abcdefg", "a", NULL);
}

static void authority(const char *target, const char *host, unsigned port)
{
	g_autofree char *text = g_strconcat("CONNECT ", target, " HTTP/1.0\r\n\r\n", NULL);
	g_autofree char *said = NULL;
	g_autoptr(GError) error = NULL;
	g_auto(Head) head = {0};
	guint16 number = 0;
	gssize length = head_parse(&head, text, strlen(text), &error);

	if (host == NULL) {
		g_assert_cmpint(length, ==, -1);
		g_assert_error(error, FAULT, FAULT_CLIENT);
		return;
	}
	g_assert_no_error(error);
	g_assert_true(head_authority(&head, &said, &number, NULL));
	g_assert_cmpstr(said, ==, host);
	g_assert_cmpuint(number, ==, port);
}

static void test_authority(void)
{
	authority("desktop7.vdi:5900", "desktop7.vdi", 5900);
	authority("[2001:db8::1]:65535", "2001:db8::1", 65535);
	authority("h:0", NULL, 0);
	authority("h:65536", NULL, 0);
	authority("h:-1", NULL, 0);
	authority("h:", NULL, 0);
	authority(":1", NULL, 0);
	authority("[::1:1", NULL, 0);
	authority("a/b:1", NULL, 0);
	authority("user@h:1", NULL, 0);
	authority("/", NULL, 0);
}

static void test_lists(void)
{
	static const char text[] =
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n"
		"connection:foo ,bar\r\n\r\n";
	g_auto(Head) head = {0};

	g_assert_cmpint(head_parse(&head, text, strlen(text), NULL), >, 0);
	g_assert_true(head_lists(&head, "connection", "upgrade"));
	g_assert_true(head_lists(&head, "CONNECTION", "Keep-Alive"));
	g_assert_true(head_lists(&head, "connection", "bar"));
	g_assert_false(head_lists(&head, "connection", "keep"));
	g_assert_false(head_lists(&head, "upgrade", "keep-alive"));
	g_assert_cmpstr(head_header(&head, "HOST"), ==, "x");
	g_assert_null(head_header(&head, "hos"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/head/good", test_good);
	g_test_add_func("/head/refused", test_refused);
	g_test_add_func("/head/limits", test_limits);
	g_test_add_func("/head/query", test_query);
	g_test_add_func("/head/authority", test_authority);
	g_test_add_func("/head/lists", test_lists);
	return g_test_run();
}
