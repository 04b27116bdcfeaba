/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record: what goes through a tunnel, inside TLS: pieces of a stream, its end, and the place where
 * a descriptor came along, which cannot travel itself: a secret stands for it, by which the other
 * end fetches what it is connected to.
 *
 *   kind (1 byte) · length (4 bytes, big-endian) · [secret (43 bytes)] · bytes
 *
 * Sans-IO: no socket, no clock.
 */
#pragma once

#include "buffer.h"

#define RECORD_MAX    16384 /* bytes of the stream in one                  */
#define RECORD_SECRET 43    /* secret_generate()                           */
#define RECORD_ROOM   (RECORD_MAX + RECORD_SECRET + 5)

typedef enum {
	RECORD_BYTES,
	RECORD_DESCRIPTOR, /* bytes, with a descriptor at their first one */
	RECORD_END,        /* no more in this direction                   */
} RecordKind;

typedef struct {
	RecordKind kind;
	char secret[RECORD_SECRET + 1]; /* "" but of a descriptor              */
	const guint8 *bytes;            /* in the buffer that was decoded from */
	gsize n;
} Record;

/* Appends one. n at most RECORD_MAX; secret NULL = none. */
void record_add(Buffer *to, RecordKind kind, const char *secret, const void *bytes, gsize n);

/* The record at the front: its whole length (for buffer_consume(), once it has been used), 0 if it
 * is not whole yet, -1 with FAULT_BROKER if it is none. */
gssize record_take(const void *bytes, gsize n, Record *out, GError **error);
