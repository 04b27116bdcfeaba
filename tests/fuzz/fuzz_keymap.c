/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys that a client says are down and up, by meaning and by place, on either kind of keyboard. */
#include "keymap.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static guint32 take(const guint8 **at, const guint8 *end, unsigned n)
{
	guint32 value = 0;

	for (; n > 0 && *at < end; n--)
		value = value << 8 | *(*at)++;
	return value;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	static Keymap *keymaps[2]; /* reading one takes longer than all that follows */
	const guint8 *end;

	for (unsigned i = 0; i < 2 && keymaps[i] == NULL; i++)
		g_assert((keymaps[i] = keymap_new(i == 0 ? "us" : "de", NULL)) != NULL);
	if (size == 0)
		return 0;
	end = data + size;
	while (data < end) {
		guint32 what = take(&data, end, 1), key = take(&data, end, what & 4 ? 4 : 2);
		Keymap *keymap = keymaps[what & 1];
		KeyStroke strokes[KEYMAP_STROKES];

		if (what & 8) {
			keymap_keysym(keymap, key, what & 2);
			continue;
		}
		g_assert(keymap_strokes(keymap, key, what & 2, strokes) <= KEYMAP_STROKES);
	}
	return 0;
}
