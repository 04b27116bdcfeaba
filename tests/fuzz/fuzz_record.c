/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records of a tunnel, as the other end may send them. */
#include "record.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n)
{
	gsize at = 0;

	while (at < n) {
		Record record;
		gssize whole = record_take(data + at, n - at, &record, NULL);

		if (whole <= 0)
			break;
		g_assert((gsize)whole <= n - at && record.n <= RECORD_MAX);
		g_assert(record.bytes >= data + at && record.bytes + record.n == data + at + whole);
		at += (gsize)whole;
	}
	return 0;
}
