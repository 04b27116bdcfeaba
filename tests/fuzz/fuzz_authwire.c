/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decodes must encode again to something that decodes. */
#include "control/authwire.h"
#include "control/jsonframe.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_auto(AuthMessage) message = {0}, again = {0};
	gssize used = auth_decode(data, size, &message, NULL);
	GByteArray *bytes;

	g_assert(used <= (gssize)size);
	if (used <= 0)
		return 0;
	bytes = auth_encode(&message);
	g_assert(auth_decode(bytes->data, bytes->len, &again, NULL) == (gssize)bytes->len);
	g_assert(again.type == message.type);
	jsonframe_wipe(bytes);
	return 0;
}
