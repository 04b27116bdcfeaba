/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_auth: see sandbox_auth.h. */
#include "auth/sandbox_auth.h"

#include "rights.h"
#include "syscalls.h"

gboolean sandbox_auth(GError **error)
{
	return rights_freeze(error) && syscalls_deny_dangerous(error);
}
