/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confine: see confine.h. */
#include "confine.h"

#include "autofd.h"
#include "rights.h"

gboolean confine(const LandlockPath *paths, gsize n, gboolean (*allow_calls)(GError **),
		 GError **error)
{
	autofd int rules = -1;

	if (!rights_freeze(error) || !rights_drop_capabilities(error))
		return FALSE;
	if (SANDBOX_OPEN)
		return TRUE;
	return landlock_new(0, &rules, error) && landlock_allow_all(rules, paths, n, error) &&
	       landlock_enter(rules, error) && allow_calls(error);
}
