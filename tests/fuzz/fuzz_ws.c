/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks over a client's frames as a stream does, payloads and masks included. */
#include "http/ws.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree guint8 *bytes = g_memdup2(data, size);
	WsParser parser = {0};
	gsize at = 0;

	while (at < size) {
		WsFrame frame;
		WsParser before = parser;
		gssize used = ws_parse(&parser, bytes + at, size - at, &frame, NULL);
		gsize payload;

		g_assert(used <= 14 && (used >= 0 || parser.fault_code != 0));
		if (used <= 0)
			return 0;
		g_assert(ws_parse(&before, bytes + at, (gsize)used - 1, &frame, NULL) == 0);
		at += (gsize)used;
		payload = MIN(size - at, frame.length);
		ws_mask(bytes + at, payload, frame.mask, 0);
		if (frame.opcode >= WS_CLOSE) {
			guint8 out[2 + WS_CONTROL_MAX];

			g_assert(frame.fin && frame.length <= WS_CONTROL_MAX);
			g_assert(ws_pong(out, bytes + at, payload) == payload + 2);
			ws_close(out, ws_close_code(bytes + at, payload), NULL);
		}
		at += payload;
	}
	return 0;
}
