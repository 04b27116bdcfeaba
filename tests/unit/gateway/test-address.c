/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses as text: there and back, and what counts as one place. */
#include "net/address.h"

static void test_there_and_back(void)
{
	static const char *const good[] = {"192.0.2.1:443", "[2001:db8::1]:5900", "[::]:1"};
	static const char *const bad[] = {"", ":443", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:65536",
		"2001:db8::1:443", "[2001:db8::1:443", "localhost:443", "192.0.2.1:443x"};
	struct sockaddr_storage address;
	char text[ADDRESS_TEXT];

	for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
		g_assert_cmpint(address_parse(good[i], &address), >, 0);
		address_describe(&address, text);
		g_assert_cmpstr(text, ==, good[i]);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(address_parse(bad[i], &address), ==, 0);
}

static void check_place(const char *address, const char *expected)
{
	g_autofree char *place = address_place(address);

	g_assert_cmpstr(place, ==, expected);
}

static void test_place(void)
{
	check_place("192.0.2.1:443", "192.0.2.1");
	check_place("192.0.2.1:65535", "192.0.2.1");
	check_place("[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::");
	check_place("[2001:db8:1:2::ffff]:1", "2001:db8:1:2::");
	check_place("[::1]:1", "::");
	check_place("", "");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/address/there-and-back", test_there_and_back);
	g_test_add_func("/address/place", test_place);
	return g_test_run();
}
