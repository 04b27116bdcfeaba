/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sniff.h"

#include <string.h>

static void check(const char *bytes, gsize n, Sniff expected)
{
	for (gsize cut = 0; cut <= n; cut++) {
		Sniff said = sniff_bytes(bytes, cut);

		g_assert_true(said == SNIFF_MORE || said == expected);
		g_assert_true(cut < n || said == expected);
		g_assert_true(cut < SNIFF_MAX || said != SNIFF_MORE);
	}
}

static void test_sniff(void)
{
	check("\x16\x03\x01\x02\x00", 5, SNIFF_TLS);
	check("\x16\x03", 2, SNIFF_TLS);
	check("\x16\x04", 2, SNIFF_UNKNOWN);
	check("REDQ\2\0\0\0", 8, SNIFF_SPICE);
	check("REPORT / HTTP/1.1", 17, SNIFF_UNKNOWN);
	check("GET / HTTP/1.1\r\n", 16, SNIFF_HTTP);
	check("OPTIONS *", 9, SNIFF_HTTP);
	check("DELETE /a", 9, SNIFF_HTTP);
	check("PATCH /a", 8, SNIFF_HTTP);
	check("PUT /", 5, SNIFF_HTTP);
	check("POST /", 6, SNIFF_HTTP);
	check("HEAD /", 6, SNIFF_HTTP);
	check("CONNECT a:1 HTTP/1.0", 20, SNIFF_CONNECT);
	check("CONNECTX", 8, SNIFF_UNKNOWN);
	check("RFB 003.008\n", 12, SNIFF_UNKNOWN);
	check("get / HTTP/1.1", 14, SNIFF_UNKNOWN);
	check("\0\0\0\0", 4, SNIFF_UNKNOWN);
	g_assert_cmpint(sniff_bytes(NULL, 0), ==, SNIFF_MORE);
	g_assert_cmpint(sniff_bytes("CONNECT", 7), ==, SNIFF_MORE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sniff", test_sniff);
	return g_test_run();
}
