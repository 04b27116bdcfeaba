/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decodes must encode again to something that decodes. */
#include "control/control.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_auto(ControlMessage) message = {0}, again = {0};
	g_autoptr(GError) error = NULL;
	gssize used = control_decode(data, size, &message, &error);
	GByteArray *bytes;

	g_assert((used < 0) == (error != NULL) && used <= (gssize)size);
	if (used <= 0)
		return 0;
	bytes = control_encode(&message);
	g_assert(control_decode(bytes->data, bytes->len, &again, NULL) == (gssize)bytes->len);
	g_assert(again.type == message.type && again.id == message.id);
	control_wipe(bytes);
	return 0;
}
