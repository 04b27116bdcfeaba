/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader: bounded reading of a peer's bytes. A read past the end returns 0 or NULL, sets `failed`
 * and leaves the position; so a parser reads a whole structure and asks once at the end.
 * The memory belongs to the caller and must outlive the reader.
 */
#pragma once

#include <glib.h>

typedef struct {
	const guint8 *at;
	const guint8 *end;
	gboolean failed;
} Reader;

/* Of the n bytes there; what is left of them; and the next number. */
void reader_init(Reader *reader, const void *bytes, gsize n);
gsize reader_left(const Reader *reader);
guint8 reader_u8(Reader *reader);
guint16 reader_u16be(Reader *reader);
guint32 reader_u32be(Reader *reader);
guint16 reader_u16le(Reader *reader);
guint32 reader_u32le(Reader *reader);

/* n bytes in place, or NULL (and failed) if there are fewer. */
const guint8 *reader_bytes(Reader *reader, gsize n);
