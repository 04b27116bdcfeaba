/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record: see record.h. */
#include "record.h"

#include <string.h>

#include "fault.h"

#define HEAD 5

void record_add(Buffer *to, RecordKind kind, const char *secret, const void *bytes, gsize n)
{
	g_assert(n <= RECORD_MAX && (secret != NULL) == (kind == RECORD_DESCRIPTOR));
	buffer_append_u8(to, (guint8)kind);
	buffer_append_u32be(to, (guint32)n);
	if (secret != NULL) {
		g_assert(strlen(secret) == RECORD_SECRET);
		buffer_append(to, secret, RECORD_SECRET);
	}
	buffer_append(to, bytes, n);
}

static gboolean secret_ok(const guint8 *secret)
{
	for (gsize i = 0; i < RECORD_SECRET; i++) {
		if (!g_ascii_isalnum(secret[i]))
			return FALSE;
	}
	return TRUE;
}

static gssize wrong(GError **error)
{
	g_set_error(error, FAULT, FAULT_BROKER, "the other end of the tunnel speaks wrongly");
	return -1;
}

gssize record_take(const void *bytes, gsize n, Record *out, GError **error)
{
	const guint8 *at = bytes;
	Record record = {0};
	gsize head = HEAD;
	guint32 length;

	if (n < HEAD)
		return n > 0 && at[0] > RECORD_END ? wrong(error) : 0;
	memcpy(&length, at + 1, 4);
	record.kind = (RecordKind)at[0];
	record.n = GUINT32_FROM_BE(length);
	if (at[0] > RECORD_END || record.n > RECORD_MAX ||
	    (record.kind == RECORD_END) != (record.n == 0))
		return wrong(error);
	if (record.kind == RECORD_DESCRIPTOR)
		head += RECORD_SECRET;
	if (n < head + record.n)
		return 0;
	if (record.kind == RECORD_DESCRIPTOR) {
		if (!secret_ok(at + HEAD))
			return wrong(error);
		memcpy(record.secret, at + HEAD, RECORD_SECRET);
	}
	record.bytes = at + head;
	*out = record;
	return (gssize)(head + record.n);
}
