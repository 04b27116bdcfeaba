/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sniff: see sniff.h. */
#include "http/sniff.h"

#include <string.h>

/* No prefix is the beginning of another one. TRACE is not served, here as everywhere. */
static const struct {
	const char *prefix;
	Sniff is;
} table[] = {
	{"\x16\x03", SNIFF_TLS}, {"REDQ", SNIFF_SPICE},   {"CONNECT ", SNIFF_CONNECT},
	{"GET ", SNIFF_HTTP},    {"HEAD ", SNIFF_HTTP},   {"POST ", SNIFF_HTTP},
	{"PUT ", SNIFF_HTTP},    {"DELETE ", SNIFF_HTTP}, {"OPTIONS ", SNIFF_HTTP},
	{"PATCH ", SNIFF_HTTP},
};

Sniff sniff_bytes(const void *bytes, gsize n)
{
	gboolean more = FALSE;

	if (n == 0)
		return SNIFF_MORE;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		gsize length = strlen(table[i].prefix);

		if (memcmp(bytes, table[i].prefix, MIN(n, length)) != 0)
			continue;
		if (n >= length)
			return table[i].is;
		more = TRUE;
	}
	return more ? SNIFF_MORE : SNIFF_UNKNOWN;
}
