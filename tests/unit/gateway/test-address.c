/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses as text: there and back, and what counts as one place. */
#include "net/address.h"

#include "fault.h"

static void test_there_and_back(void)
{
	static const char *const good[] = {"192.0.2.1:443", "[2001:db8::1]:5900", "[::]:1"};
	static const char *const bad[] = {"",
					  ":443",
					  "192.0.2.1",
					  "192.0.2.1:0",
					  "192.0.2.1:65536",
					  "2001:db8::1:443",
					  "[2001:db8::1:443",
					  "localhost:443",
					  "192.0.2.1:443x"};
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

static gboolean within(const char *words, const char *address)
{
	g_auto(GStrv) list = g_strsplit(words, " ", -1);
	g_autoptr(GArray) networks = address_networks(list, NULL);

	g_assert_nonnull(networks);
	return address_within(networks, address);
}

static void test_networks(void)
{
	static const char *const bad[] = {
		"",          "10.0.0.0/33", "::/129",      "10.0.0/8", "10.0.0.0/-1",
		"10.0.0.0/", "example.org", "10.0.0.1:80", "/8"};

	g_assert_true(within("10.0.0.0/8", "10.255.0.1:1"));
	g_assert_false(within("10.0.0.0/8", "11.0.0.1:1"));
	g_assert_true(within("192.0.2.130/25", "192.0.2.200:1"));
	g_assert_false(within("192.0.2.130/25", "192.0.2.127:1"));
	g_assert_true(within("192.0.2.1", "192.0.2.1:1"));
	g_assert_false(within("192.0.2.1", "192.0.2.0:1"));
	g_assert_true(within("10.0.0.0/8 2001:db8::/33", "[2001:db8:7fff::1]:1"));
	g_assert_false(within("10.0.0.0/8 2001:db8::/33", "[2001:db8:8000::1]:1"));
	g_assert_false(within("0.0.0.0/0", "[2001:db8::1]:1"));
	g_assert_true(within("0.0.0.0/0", "[::ffff:192.0.2.1]:1"));
	g_assert_false(within("0.0.0.0/0", ""));
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		const char *const words[] = {bad[i], NULL};
		g_autoptr(GError) error = NULL;

		g_assert_null(address_networks((char *const *)words, &error));
		g_assert_error(error, FAULT, FAULT_CONFIG);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/address/there-and-back", test_there_and_back);
	g_test_add_func("/address/place", test_place);
	g_test_add_func("/address/networks", test_networks);
	return g_test_run();
}
