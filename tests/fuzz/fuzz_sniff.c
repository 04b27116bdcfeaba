/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A verdict on the first bytes stands, whatever comes behind them, and comes within SNIFF_MAX. */
#include "http/sniff.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	Sniff verdict = SNIFF_MORE;

	for (gsize n = 0; n <= size; n++) {
		Sniff now = sniff_bytes(data, n);

		g_assert(verdict == SNIFF_MORE || now == verdict);
		verdict = now;
	}
	g_assert(size < SNIFF_MAX || verdict != SNIFF_MORE);
	return 0;
}
