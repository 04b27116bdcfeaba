/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_bridge: see sandbox_bridge.h. */
#include "sandbox_bridge.h"

#include "autofd.h"
#include "landlock.h"
#include "rights.h"

gboolean sandbox_bridge(GError **error)
{
	autofd int rules = -1;

	if (!rights_freeze(error) || !rights_drop_capabilities(error))
		return FALSE;
	if (SANDBOX_OPEN)
		return TRUE;
	/* What may be read and written has been said: this takes the right to run it. */
	return landlock_new(0, &rules, error) &&
	       landlock_allow(rules, "/", LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_DEVICE, error) &&
	       landlock_enter(rules, error);
}
