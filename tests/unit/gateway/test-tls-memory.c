/* SPDX-License-Identifier: GPL-3.0-or-later */
/* There are two rooms for records, which are used again; all else is the heap's. */
#include "net/tls_memory.h"

#include <openssl/crypto.h>
#include <string.h>

#define ROOM (16 * 1024 + 325) /* as OpenSSL 3.0 has it for a record that comes */

static void test_rooms_are_used_again(void)
{
	guint8 *a = OPENSSL_malloc(ROOM), *b = OPENSSL_malloc(ROOM + 64), *c = OPENSSL_malloc(ROOM);

	memset(a, 1, ROOM);
	memset(b, 2, ROOM + 64);
	memset(c, 3, ROOM);
	g_assert_cmpuint(a[0] + a[ROOM - 1], ==, 2);
	g_assert_cmpuint(b[0] + b[ROOM + 63], ==, 4);
	OPENSSL_free(b);
	g_assert_true(OPENSSL_malloc(ROOM) == b);
	OPENSSL_free(a);
	g_assert_true(OPENSSL_malloc(ROOM + 64) == a);
	OPENSSL_free(c);
	OPENSSL_free(a);
	OPENSSL_free(b);
}

/* A room that is made smaller or larger takes its bytes along and is free; what became as large as
 * one by growing is the heap's. */
static void test_changed_sizes(void)
{
	guint8 *room = OPENSSL_malloc(ROOM), *grown = OPENSSL_malloc(16), *changed;

	memset(room, 9, ROOM);
	changed = OPENSSL_realloc(room, 16);
	g_assert_true(changed != room);
	g_assert_cmpuint(changed[0] + changed[15], ==, 18);
	g_assert_true(OPENSSL_malloc(ROOM) == room);
	memset(room, 6, ROOM);
	room = OPENSSL_realloc(room, 20 * 1024);
	g_assert_cmpuint(room[ROOM - 1], ==, 6);
	memset(grown, 7, 16);
	grown = OPENSSL_realloc(grown, ROOM);
	g_assert_cmpuint(grown[15], ==, 7);
	memset(grown, 8, ROOM);
	OPENSSL_free(changed);
	OPENSSL_free(room);
	OPENSSL_free(grown);
	OPENSSL_free(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_assert_true(tls_memory_init());
	g_test_add_func("/tls-memory/used-again", test_rooms_are_used_again);
	g_test_add_func("/tls-memory/changed-sizes", test_changed_sizes);
	return g_test_run();
}
