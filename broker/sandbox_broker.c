/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_broker: see sandbox_broker.h. */
#include "sandbox_broker.h"

#include "rights.h"
#include "syscalls.h"

gboolean sandbox_broker(const char **out_lacks, GError **error)
{
	*out_lacks = SANDBOX_OPEN ? "built with a sanitizer, which leaves the sandbox open" : NULL;
	return rights_freeze(error) && rights_drop_capabilities(error) &&
	       syscalls_deny_dangerous(error);
}
