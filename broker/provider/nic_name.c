/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nic_name: see nic_name.h. */
#include "nic_name.h"

#include <net/if.h>
#include <string.h>

gboolean nic_name_ok(const char *name)
{
	gsize n = strlen(name);

	for (gsize i = 0; i < n; i++) {
		if (!g_ascii_isalnum(name[i]) && !strchr("._-", name[i]))
			return FALSE;
	}
	return n > 0 && n < IFNAMSIZ && *name != '.' && *name != '-';
}
