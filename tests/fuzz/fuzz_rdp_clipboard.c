/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an RDP desktop says is text: it becomes UTF-8 that can be sent back, or there is none. */
#include "rdp_clipboard.h"

#include <string.h>

#include "face.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *text = rdp_clipboard_decode(data, size);
	g_autofree char *again = NULL;
	g_autofree guint8 *bytes = NULL;
	gsize n = 0;

	if (text == NULL)
		return 0;
	g_assert(strlen(text) <= FACE_MAX_TEXT && g_utf8_validate(text, -1, NULL));
	bytes = rdp_clipboard_encode(text, &n);
	g_assert(bytes != NULL && n >= 2 && n % 2 == 0 && bytes[n - 1] == 0 && bytes[n - 2] == 0);
	again = rdp_clipboard_decode(bytes, n);
	/* A line's end that was written twice may have become one. */
	g_assert(again != NULL ? strlen(again) <= strlen(text) : n / 2 > FACE_MAX_TEXT);
	return 0;
}
