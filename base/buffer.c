/* SPDX-License-Identifier: GPL-3.0-or-later */
/* buffer: see buffer.h. */
#include "buffer.h"

#include <stddef.h>
#include <string.h>

#define SMALL    512 /* handshake messages; not pooled */
#define POOL_MAX 64

/* In front of the storage, so that an idle buffer has no room for it. The storage's bytes are
 * aligned as malloc's are. */
typedef union {
	guint32 size;
	max_align_t aligned;
} Head;

/* Freed chunks of BUFFER_CHUNK bytes. The hottest is taken first. By their heads: a checker of
 * memory takes what is known by its middle alone for lost. */
static _Thread_local struct {
	Head *chunks[POOL_MAX];
	unsigned n;
} pool;

static Head *head_of(const guint8 *data)
{
	return (Head *)(void *)(data - sizeof(Head));
}

/* 0 = there is none. */
static gsize capacity(const Buffer *buffer)
{
	return buffer->data ? head_of(buffer->data)->size : 0;
}

static guint8 *storage_new(gsize size)
{
	Head *head;

	if (size == BUFFER_CHUNK && pool.n > 0) {
		head = pool.chunks[--pool.n];
	} else {
		head = g_malloc(sizeof *head + size);
		head->size = (guint32)size;
	}
	return (guint8 *)(head + 1);
}

static void storage_free(guint8 *data)
{
	Head *head;

	if (data == NULL)
		return;
	head = head_of(data);
	if (head->size == BUFFER_CHUNK && pool.n < POOL_MAX)
		pool.chunks[pool.n++] = head;
	else
		g_free(head);
}

void buffer_tidy(void)
{
	while (pool.n > 0)
		g_free(pool.chunks[--pool.n]);
}

static gsize storage_size(gsize need)
{
	g_assert(need <= G_MAXINT32);
	if (need <= SMALL)
		return SMALL;
	if (need <= BUFFER_CHUNK)
		return BUFFER_CHUNK;
	return need + need / 2;
}

void buffer_clear(Buffer *buffer)
{
	storage_free(buffer->data);
	memset(buffer, 0, sizeof *buffer);
}

static void buffer_move(Buffer *buffer, guint8 *to)
{
	gsize n = buffer_length(buffer);

	if (n > 0)
		memmove(to + BUFFER_HEADROOM, buffer_bytes(buffer), n);
	if (to != buffer->data) {
		storage_free(buffer->data);
		buffer->data = to;
	}
	buffer->start = BUFFER_HEADROOM;
	buffer->end = (guint32)(BUFFER_HEADROOM + n);
}

guint8 *buffer_reserve(Buffer *buffer, gsize n)
{
	gsize need = BUFFER_HEADROOM + buffer_length(buffer) + n;

	if (need > capacity(buffer))
		buffer_move(buffer, storage_new(storage_size(need)));
	else if (capacity(buffer) - buffer->end < n)
		buffer_move(buffer, buffer->data);
	return buffer->data + buffer->end;
}

void buffer_commit(Buffer *buffer, gsize n)
{
	g_assert(n <= capacity(buffer) - buffer->end);
	buffer->end += (guint32)n;
}

void buffer_consume(Buffer *buffer, gsize n)
{
	g_assert(n <= buffer_length(buffer));
	buffer->start += (guint32)n;
	if (buffer->start == buffer->end)
		buffer_clear(buffer);
}

void buffer_append(Buffer *buffer, const void *bytes, gsize n)
{
	if (n == 0)
		return;
	memcpy(buffer_reserve(buffer, n), bytes, n);
	buffer_commit(buffer, n);
}

void buffer_append_u8(Buffer *buffer, guint8 value)
{
	buffer_append(buffer, &value, 1);
}

void buffer_append_u16be(Buffer *buffer, guint16 value)
{
	guint16 be = GUINT16_TO_BE(value);

	buffer_append(buffer, &be, 2);
}

void buffer_append_u32be(Buffer *buffer, guint32 value)
{
	guint32 be = GUINT32_TO_BE(value);

	buffer_append(buffer, &be, 4);
}

void buffer_append_u16le(Buffer *buffer, guint16 value)
{
	guint16 le = GUINT16_TO_LE(value);

	buffer_append(buffer, &le, 2);
}

void buffer_append_u32le(Buffer *buffer, guint32 value)
{
	guint32 le = GUINT32_TO_LE(value);

	buffer_append(buffer, &le, 4);
}
