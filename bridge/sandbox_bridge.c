/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_bridge: see sandbox_bridge.h. */
#include "sandbox_bridge.h"

#include "autofd.h"
#include "landlock.h"
#include "rights.h"
#include "syscalls.h"

/* What libraries are made of, keyboards' layouts among it; none of it is secret. */
static const char *const readable[] = {
	"/usr", "/lib", "/lib64", "/etc/ssl/openssl.cnf", "/dev/urandom",
};

gboolean sandbox_bridge(GError **error)
{
	autofd int rules = -1;

	if (!rights_freeze(error) || !rights_drop_capabilities(error))
		return FALSE;
	if (SANDBOX_OPEN)
		return TRUE;
	if (!landlock_new(0, &rules, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(readable); i++)
		if (!landlock_allow(rules, readable[i], LANDLOCK_READ, error))
			return FALSE;
	return landlock_enter(rules, error) && syscalls_allow_bridge(error);
}
