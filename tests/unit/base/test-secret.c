/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault.h"
#include "secret.h"

#include <string.h>

static void test_generate(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < 1000; i++) {
		char *secret = secret_generate();

		g_assert_cmpuint(strlen(secret), ==, 43);
		for (const char *c = secret; *c; c++)
			g_assert_true(g_ascii_isalnum(*c));
		g_assert_true(g_hash_table_add(seen, secret));
	}
}

static void test_equal(void)
{
	g_assert_true(secret_equal("abc", "abc"));
	g_assert_false(secret_equal("abc", "abd"));
	g_assert_false(secret_equal("abc", "abcd"));
	g_assert_false(secret_equal(NULL, NULL));
}

static void test_hash(void)
{
	g_autofree char *hash = secret_hash("abc");

	/* FIPS 180-2, B.1 */
	g_assert_cmpstr(hash, ==,
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* Towards a SPICE client the code 5 over TLS means "come again, with TLS": an endless loop. */
static void test_faults(void)
{
	for (int code = 0; code <= FAULT_LAST; code++) {
		const FaultInfo *info = fault_info((Fault)code);
		Fault back;

		g_assert_cmpuint(info->spice_link_error, !=, 0);
		g_assert_cmpuint(info->spice_link_error, !=, 5);
		g_assert_cmpuint(info->http_status, >=, 400);
		g_assert_true(fault_from_name(info->name, &back));
		g_assert_cmpint(back, ==, code);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/secret/generate", test_generate);
	g_test_add_func("/secret/equal", test_equal);
	g_test_add_func("/secret/hash", test_hash);
	g_test_add_func("/fault/table", test_faults);
	return g_test_run();
}
