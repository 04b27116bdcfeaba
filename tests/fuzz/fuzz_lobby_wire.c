/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decodes must encode again to something that decodes. */
#include "control/jsonframe.h"
#include "lobby/lobby_wire.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_auto(LobbyMessage) message = {0}, again = {0};
	GByteArray *bytes;

	if (!lobby_decode(data, size, &message, NULL))
		return 0;
	bytes = lobby_encode(&message);
	g_assert(lobby_decode(bytes->data, bytes->len, &again, NULL));
	g_assert(again.type == message.type);
	jsonframe_wipe(bytes);
	return 0;
}
