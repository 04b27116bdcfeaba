/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader: see reader.h. */
#include "reader.h"

void reader_init(Reader *reader, const void *bytes, gsize n)
{
	/* No bytes may come as NULL, to which C does not even let us add zero. */
	reader->at = bytes ? bytes : (const void *)"";
	reader->end = reader->at + n;
	reader->failed = FALSE;
}

gsize reader_left(const Reader *reader)
{
	return (gsize)(reader->end - reader->at);
}

const guint8 *reader_bytes(Reader *reader, gsize n)
{
	const guint8 *bytes = reader->at;

	if (reader->failed || reader_left(reader) < n) {
		reader->failed = TRUE;
		return NULL;
	}
	reader->at += n;
	return bytes;
}

guint8 reader_u8(Reader *reader)
{
	const guint8 *b = reader_bytes(reader, 1);

	return b ? b[0] : 0;
}

guint16 reader_u16be(Reader *reader)
{
	const guint8 *b = reader_bytes(reader, 2);

	return b ? (guint16)(b[0] << 8 | b[1]) : 0;
}

guint32 reader_u32be(Reader *reader)
{
	const guint8 *b = reader_bytes(reader, 4);

	return b ? (guint32)b[0] << 24 | (guint32)b[1] << 16 | (guint32)b[2] << 8 | b[3] : 0;
}

guint16 reader_u16le(Reader *reader)
{
	const guint8 *b = reader_bytes(reader, 2);

	return b ? (guint16)(b[1] << 8 | b[0]) : 0;
}

guint32 reader_u32le(Reader *reader)
{
	const guint8 *b = reader_bytes(reader, 4);

	return b ? (guint32)b[3] << 24 | (guint32)b[2] << 16 | (guint32)b[1] << 8 | b[0] : 0;
}
