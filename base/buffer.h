/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buffer: bytes that came from one side and have not yet gone to the other.
 *
 *       data          start            end                 size
 *        |  headroom    |   the bytes   |     free space     |
 *
 * Storage exists only while the buffer holds bytes: an idle connection costs none. Storage of the
 * common size comes from a free list of the thread (one loop, one thread) and goes back to it.
 * The space in front of `start` is at least BUFFER_HEADROOM bytes, writable, and of no meaning:
 * a framing layer may put its header there and send header and payload as one piece.
 */
#pragma once

#include <glib.h>

#define BUFFER_HEADROOM 16
#define BUFFER_CHUNK    (128 * 1024) /* common storage size, headroom included */

typedef struct {
	guint8 *data; /* knows its own size, see buffer.c */
	guint32 start;
	guint32 end; /* who fills it bounds it, far below 2 GiB */
} Buffer;

/* Each thread keeps storage for its next buffers; gives it back, as one does that is about to end.
 */
void buffer_tidy(void);

/* A zeroed Buffer is valid and empty. Clearing wipes nothing: secrets are wiped by who
 * read them. */
void buffer_clear(Buffer *buffer);

static inline gsize buffer_length(const Buffer *buffer)
{
	return buffer->end - buffer->start;
}
static inline guint8 *buffer_bytes(const Buffer *buffer)
{
	return buffer->data + buffer->start;
}

/* Makes room for n more bytes (moving or growing) and returns where they go; the caller bounds n
 * and then calls buffer_commit() with what it put there. */
guint8 *buffer_reserve(Buffer *buffer, gsize n);
void buffer_commit(Buffer *buffer, gsize n);

/* Forgets n bytes at the front; gives the storage back when nothing is left. */
void buffer_consume(Buffer *buffer, gsize n);

/* Copies behind what is there. The caller bounds n. */
void buffer_append(Buffer *buffer, const void *bytes, gsize n);
void buffer_append_u8(Buffer *buffer, guint8 value);
void buffer_append_u16be(Buffer *buffer, guint16 value);
void buffer_append_u32be(Buffer *buffer, guint32 value);
void buffer_append_u16le(Buffer *buffer, guint16 value);
void buffer_append_u32le(Buffer *buffer, guint32 value);
