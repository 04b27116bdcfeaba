/* SPDX-License-Identifier: GPL-3.0-or-later */
/* placement: see placement.h. */
#include "hosts/placement.h"

#include "fault.h"
#include "store_host.h"
#include "upkeep/brokers.h"

gboolean placement_put(Core *core, const char *desktop, const char *pool, const ImageView *image,
		       const char *storage, GError **error)
{
	g_autofree char *host = NULL;
	gboolean wanted;

	if (!image)
		return TRUE;
	if (!store_host_choose(core->db, pool, brokers_name(core->brokers), storage, image->cpus,
			       image->memory, &host, error))
		return FALSE;
	if (host)
		return store_host_place(core->db, desktop, pool, host, image->cpus, image->memory,
					error);
	if (!store_host_wanted(core->db, pool, &wanted, error))
		return FALSE;
	if (wanted)
		g_set_error(error, FAULT, FAULT_BUSY,
			    "no host of pool '%s' has room for %u processors and %u MiB", pool,
			    image->cpus, image->memory);
	return !wanted;
}
