/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source: the table of protocols. */
#include "source.h"

const SourceOps *source_find(const char *name)
{
	static const SourceOps *const all[] = {&source_vnc, &source_spice, &source_rdp};

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		if (g_strcmp0(name, all[i]->name) == 0)
			return all[i];
	return NULL;
}
