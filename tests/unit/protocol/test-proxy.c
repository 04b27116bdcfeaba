/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault.h"
#include "http/proxy.h"
#include "transcript.h"

static char *run(const Piece *pieces, gsize n_pieces, gconstpointer data)
{
	g_autoptr(GByteArray) in = g_byte_array_new();
	ProxyHeader header;
	gssize length = 0;
	g_autofree char *source = NULL;

	for (gsize i = 0; i < n_pieces && length == 0; i++) {
		g_autoptr(GError) error = NULL;

		g_byte_array_append(in, pieces[i].bytes, (guint)pieces[i].n);
		length = proxy_parse(in->data, in->len, &header, &error);
		if (length < 0) {
			g_assert_error(error, FAULT, FAULT_CLIENT);
			return g_strdup(error->message);
		}
	}
	if (length == 0)
		return g_strdup("more");
	source = proxy_source(&header);
	return g_strdup_printf("%" G_GSSIZE_FORMAT " %s to port %u", length, source,
			       header.target_port);
}

static void check(const char *bytes, gsize n, const char *expected)
{
	transcript_check(bytes, n, run, NULL, expected);
}
#define CHECK(text, expected) check(text, sizeof(text) - 1, expected)

static void round_trip(const char *source, const char *target, gsize n, const char *expected)
{
	ProxyHeader header;
	guint8 bytes[PROXY_WRITE_MAX + 3];

	proxy_init(&header, source, target);
	memcpy(bytes + proxy_write(&header, bytes), "GET", 3);
	g_assert_cmpuint(proxy_write(&header, bytes), ==, n);
	check((const char *)bytes, n + 3, expected);
}

static void test_round_trip(void)
{
	round_trip("192.0.2.1:4711", "198.51.100.7:443", 28, "28 192.0.2.1:4711 to port 443");
	round_trip("[2001:db8::1]:65535", "[::1]:0", 52, "52 [2001:db8::1]:65535 to port 0");
	round_trip("[2001:db8::1]:1", "192.0.2.1:1", 16, "16 (null) to port 0");
	round_trip(NULL, "192.0.2.1:1", 16, "16 (null) to port 0");
	round_trip("192.0.2.1", "192.0.2.1:1", 16, "16 (null) to port 0");
	round_trip("192.0.2.1:65536", "192.0.2.1:1", 16, "16 (null) to port 0");
	round_trip("[::1:5", "[::1]:1", 16, "16 (null) to port 0");
	round_trip(":", "", 16, "16 (null) to port 0");
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static void test_v2(void)
{
	CHECK(SIGNATURE "\x21\x11\0\x0c\300\0\2\1\300\0\2\2\x12\x67\1\xbb",
	      "28 192.0.2.1:4711 to port 443");
	/* with an extension (TLV) */
	CHECK(SIGNATURE "\x21\x11\0\x10\300\0\2\1\300\0\2\2\x12\x67\1\xbb\4\0\1\0",
	      "32 192.0.2.1:4711 to port 443");
	CHECK(SIGNATURE "\x20\x11\0\0rest", "16 (null) to port 0"); /* LOCAL */
	CHECK(SIGNATURE "\x21\x00\0\2xxrest", "18 (null) to port 0");
	CHECK(SIGNATURE "\x21\x11\0\x0b\300\0\2\1\300\0\2\2\x12\x67\1\xbb",
	      "PROXY header: too short for its addresses");
	CHECK(SIGNATURE "\x21\x11\x02\x09", "PROXY header: too long");
	CHECK(SIGNATURE "\x21\x12\0\x0c", "PROXY header: an unknown family");
	CHECK(SIGNATURE "\x11\x11\0\x0c", "PROXY header: an unknown version or command");
	CHECK(SIGNATURE "\x22\x11\0\x0c", "PROXY header: an unknown version or command");
	CHECK("\r\n\r\n\1", "PROXY header: no signature");
	CHECK(SIGNATURE "\x21\x11\0\x0c\300\0\2\1", "more");
}

static void test_v1(void)
{
	CHECK("PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\nGET", "41 192.0.2.1:4711 to port 443");
	CHECK("PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "32 [2001:db8::1]:1 to port 2");
	CHECK("PROXY UNKNOWN\r\n", "15 (null) to port 0");
	CHECK("PROXY UNKNOWN whatever is here\r\n", "32 (null) to port 0");
	CHECK("PROXY UNKNOWN a\rb\r\n", "PROXY header: a control character");
	CHECK("PROXY UNKNOWN a\n", "PROXY header: a control character");
	CHECK("PROXY TCP4 192.0.2.1 192.0.2.2 4711\r\n", "PROXY header: bad words");
	CHECK("PROXY TCP4 192.0.2.1 192.0.2.2 4711 443 1\r\n", "PROXY header: bad words");
	CHECK("PROXY TCP4  192.0.2.1 192.0.2.2 4711 443\r\n", "PROXY header: bad words");
	CHECK("PROXY TCP4 192.0.2.1 192.0.2.2 04711 443\r\n", "PROXY header: bad words");
	CHECK("PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\n", "PROXY header: bad words");
	CHECK("PROXY TCP4 ::1 192.0.2.2 1 443\r\n", "PROXY header: bad words");
	CHECK("PROXY TCP5 192.0.2.1 192.0.2.2 1 443\r\n", "PROXY header: bad words");
	CHECK("PROXY \r\n", "PROXY header: bad words");
	CHECK("GET / HTTP/1.1", "PROXY header: no signature");
}

/* The longest line of version 1 has 107 bytes. */
static void test_v1_longest(void)
{
	char line[110];

	memset(line, 'x', sizeof line);
	memcpy(line, "PROXY UNKNOWN ", 14);
	memcpy(line + 105, "\r\n", 2);
	check(line, 107, "107 (null) to port 0");
	memcpy(line + 105, "x\r\n", 3);
	check(line, 108, "PROXY header: too long");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/proxy/round-trip", test_round_trip);
	g_test_add_func("/proxy/v2", test_v2);
	g_test_add_func("/proxy/v1", test_v1);
	g_test_add_func("/proxy/v1-longest", test_v1_longest);
	return g_test_run();
}
