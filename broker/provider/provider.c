/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provider: the drivers by name. See provider.h. */
#include "provider.h"

const ProviderOps *provider_find(const char *name)
{
	static const ProviderOps *const drivers[] = {
		&provider_qemu,
		&provider_libvirt,
		&provider_container,
		&provider_machine,
	};

	for (gsize i = 0; i < G_N_ELEMENTS(drivers); i++) {
		if (g_strcmp0(drivers[i]->name, name) == 0)
			return drivers[i];
	}
	return NULL;
}
