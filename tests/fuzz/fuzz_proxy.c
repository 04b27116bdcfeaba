/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What parses must come out the same through text and version 2. The sniffer sees it as well. */
#include "http/proxy.h"
#include "http/sniff.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	ProxyHeader header, again;
	guint8 out[PROXY_WRITE_MAX];
	g_autofree char *source = NULL, *same = NULL;
	gssize used = proxy_parse(data, size, &header, NULL);

	g_assert(used <= (gssize)MIN(size, PROXY_READ_MAX));
	g_assert(sniff_bytes(data, size) != SNIFF_MORE || size < SNIFF_MAX);
	if (used <= 0)
		return 0;
	source = proxy_source(&header);
	proxy_init(&again, source, source);
	same = proxy_source(&again);
	g_assert(g_strcmp0(source, same) == 0);
	g_assert(proxy_parse(out, proxy_write(&header, out), &again, NULL) > 0);
	g_assert(again.family == header.family &&
		 memcmp(again.source, header.source, sizeof header.source) == 0);
	return 0;
}
