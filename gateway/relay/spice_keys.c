/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_keys: see spice_keys.h. */
#include "relay/spice_keys.h"

#define KEY_MS    10
#define AT_ONCE   4 /* messages; one may be a whole stroke of four bytes */
#define AHEAD_MAX ((AT_ONCE - 1) * KEY_MS)

enum { KEY_DOWN = 101, KEY_UP, KEY_MODIFIERS, KEY_SCANCODE };

guint64 spice_keys_wait(SpiceKeys *keys, guint16 type, guint64 now)
{
	if (type < KEY_DOWN || type > KEY_SCANCODE)
		return 0;
	if (keys->at > now + AHEAD_MAX)
		return keys->at - now - AHEAD_MAX;
	keys->at = MAX(keys->at, now) + KEY_MS;
	return 0;
}
