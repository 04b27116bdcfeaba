/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "buffer.h"

#include <string.h>

static void test_empty_holds_no_storage(void)
{
	Buffer b = {0};

	buffer_append(&b, "hello", 5);
	g_assert_nonnull(b.data);
	buffer_consume(&b, 5);
	g_assert_null(b.data);
	g_assert_cmpuint(buffer_length(&b), ==, 0);
	buffer_clear(&b);
}

static void test_headroom_is_kept(void)
{
	Buffer b = {0};

	for (unsigned i = 0; i < 3000; i++) {
		buffer_append_u32be(&b, i);
		if (i % 3 == 0)
			buffer_consume(&b, 4);
		if (buffer_length(&b) > 0)
			g_assert_cmpuint(b.start, >=, BUFFER_HEADROOM);
	}
	buffer_clear(&b);
}

/* What goes in comes out, in order, whatever the sizes. */
static void test_order(void)
{
	Buffer b = {0};
	guint32 in = 0, out = 0;

	for (unsigned round = 0; round < 2000; round++) {
		for (unsigned n = g_test_rand_int_range(0, 200); n > 0; n--)
			buffer_append_u32le(&b, in++);
		for (unsigned n = g_test_rand_int_range(0, 220); n > 0 && out < in; n--) {
			guint32 got;

			memcpy(&got, buffer_bytes(&b), 4);
			g_assert_cmpuint(GUINT32_FROM_LE(got), ==, out++);
			buffer_consume(&b, 4);
		}
		g_assert_cmpuint(buffer_length(&b), ==, (gsize)(in - out) * 4);
	}
	buffer_clear(&b);
}

static void test_large(void)
{
	Buffer b = {0};
	gsize n = 3 * BUFFER_CHUNK;

	memset(buffer_reserve(&b, n), 7, n);
	buffer_commit(&b, n);
	buffer_consume(&b, n - 1);
	g_assert_cmpint(*buffer_bytes(&b), ==, 7);
	buffer_clear(&b);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/buffer/empty-holds-no-storage", test_empty_holds_no_storage);
	g_test_add_func("/buffer/headroom-is-kept", test_headroom_is_kept);
	g_test_add_func("/buffer/order", test_order);
	g_test_add_func("/buffer/large", test_large);
	return g_test_run();
}
