/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rooms for records are used again, two at most; all else is the heap's. */
#include "net/tls_memory.h"

#include <openssl/crypto.h>
#include <string.h>

#define ROOM (16 * 1024 + 325) /* as OpenSSL 3.0 has it for a record that comes */

static void test_rooms_are_used_again(void)
{
	void *a = OPENSSL_malloc(ROOM), *b = OPENSSL_malloc(ROOM + 64), *c = OPENSSL_malloc(ROOM);

	memset(a, 1, ROOM);
	memset(b, 2, ROOM + 64);
	memset(c, 3, ROOM);
	OPENSSL_free(a);
	OPENSSL_free(b);
	OPENSSL_free(c);
	g_assert_true(OPENSSL_malloc(ROOM) == b);
	g_assert_true(OPENSSL_malloc(ROOM + 64) == a);
	OPENSSL_free(a);
	OPENSSL_free(b);
	tls_memory_tidy();
	tls_memory_tidy();
}

/* A room that was made smaller, and one that became one by growing. */
static void test_changed_sizes(void)
{
	guint8 *small = OPENSSL_realloc(OPENSSL_malloc(ROOM), 16);
	guint8 *grown = OPENSSL_malloc(16), *next;

	memset(grown, 7, 16);
	grown = OPENSSL_realloc(grown, ROOM);
	g_assert_cmpuint(grown[15], ==, 7);
	memset(grown, 8, ROOM);
	memset(small, 9, 16);
	OPENSSL_free(small);
	OPENSSL_free(grown);
	next = OPENSSL_malloc(17 * 1024);
	memset(next, 1, 17 * 1024);
	OPENSSL_free(next);
	OPENSSL_free(NULL);
	tls_memory_tidy();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_assert_true(tls_memory_init());
	g_test_add_func("/tls-memory/used-again", test_rooms_are_used_again);
	g_test_add_func("/tls-memory/changed-sizes", test_changed_sizes);
	return g_test_run();
}
