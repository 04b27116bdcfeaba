/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A head fed whole and fed in two pieces must say the same; every question may be asked of it. */
#include "http/head.h"
#include "http/ws.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_auto(Head) whole = {0}, cut = {0};
	g_autofree char *query = NULL, *answer = NULL, *host = NULL;
	gssize length = head_parse(&whole, data, size, NULL);
	gssize first = head_parse(&cut, data, size / 2, NULL);
	guint16 port;

	g_assert(length <= (gssize)MIN(size, HEAD_MAX));
	if (first == 0)
		first = head_parse(&cut, data, size, NULL);
	g_assert(first == length);
	if (length <= 0)
		return 0;
	g_assert(strcmp(whole.target, cut.target) == 0 && whole.n_headers == cut.n_headers);
	query = head_query(&whole, "token", 59);
	g_assert(query == NULL || strlen(query) <= 59);
	if (whole.path == NULL)
		g_assert(head_authority(&whole, &host, &port, NULL));
	answer = ws_accept(&whole, NULL);
	return 0;
}
