/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls_memory: see tls_memory.h. */
#include "tls_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#define RECORD_LEAST (16 * 1024) /* OpenSSL's room for one is a little larger than that */
#define RECORD       (17 * 1024)
#define KEPT         2 /* one that is read and one that is written */

static _Thread_local struct {
	void *rooms[KEPT];
	unsigned n;
} pool;

static void *take(size_t n, const char *file, int line)
{
	if (n <= RECORD_LEAST || n > RECORD)
		return malloc(n);
	return pool.n > 0 ? pool.rooms[--pool.n] : malloc(RECORD);
}

/* Whatever is that large will do for a record. */
static void give(void *memory, const char *file, int line)
{
	size_t n = malloc_usable_size(memory);

	if (n >= RECORD && n < RECORD + 1024 && pool.n < KEPT)
		pool.rooms[pool.n++] = memory;
	else
		free(memory);
}

static void *change(void *memory, size_t n, const char *file, int line)
{
	return realloc(memory, n);
}

gboolean tls_memory_init(void)
{
	return CRYPTO_set_mem_functions(take, change, give) == 1;
}

void tls_memory_tidy(void)
{
	while (pool.n > 0)
		free(pool.rooms[--pool.n]);
}
