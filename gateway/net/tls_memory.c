/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls_memory: see tls_memory.h. Whose memory is given back is told by its address: asking the heap
 * for its size would cost more than all the rest of a free. */
#include "net/tls_memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_LEAST (16 * 1024) /* OpenSSL's room for one is a little larger than that */
#define RECORD       (17 * 1024)
#define ROOMS        2

static _Alignas(64) guint8 rooms[ROOMS][RECORD];
static gboolean taken[ROOMS];

static gboolean is_room(const void *memory)
{
	return (guintptr)memory - (guintptr)rooms < sizeof rooms;
}

static void *take(size_t n, const char *file, int line)
{
	if (n <= RECORD_LEAST || n > RECORD)
		return malloc(n);
	for (unsigned i = 0; i < ROOMS; i++) {
		if (!taken[i]) {
			taken[i] = TRUE;
			return rooms[i];
		}
	}
	return malloc(n);
}

static void give(void *memory, const char *file, int line)
{
	if (is_room(memory))
		taken[((guintptr)memory - (guintptr)rooms) / RECORD] = FALSE;
	else
		free(memory);
}

static void *change(void *memory, size_t n, const char *file, int line)
{
	void *other;

	if (!is_room(memory))
		return realloc(memory, n);
	other = malloc(n);
	if (other != NULL) {
		memcpy(other, memory, MIN(n, RECORD));
		give(memory, file, line);
	}
	return other;
}

gboolean tls_memory_init(void)
{
	return CRYPTO_set_mem_functions(take, change, give) == 1;
}
