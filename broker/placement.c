/* SPDX-License-Identifier: GPL-3.0-or-later */
/* placement: see placement.h. */
#include "placement.h"

#include "brokers.h"
#include "fault.h"
#include "store_host.h"

/* 0..1 and more: how much of its memory is promised. */
static double fullness(const HostView *h)
{
	return (double)h->used_memory * 100 / MAX((double)h->memory * h->memory_ratio, 1);
}

static gboolean has_room(const HostView *h, unsigned cpus, unsigned memory, unsigned apart)
{
	return (guint64)(h->used_cpus + cpus) * 100 <= (guint64)h->cpus * h->cpu_ratio &&
	       (guint64)(h->used_memory + memory) * 100 <= (guint64)h->memory * h->memory_ratio &&
	       (apart == 0 || h->same < apart);
}

static gboolean better(const HostView *a, const HostView *b, gboolean pack)
{
	if (pack)
		return fullness(a) > fullness(b);
	return a->same != b->same ? a->same < b->same : fullness(a) < fullness(b);
}

const HostView *placement_choose(const GPtrArray *candidates, unsigned cpus, unsigned memory,
				 const char *how, unsigned apart)
{
	gboolean pack = g_str_equal(how, "pack");
	const HostView *best = NULL;

	for (guint i = 0; i < candidates->len; i++) {
		const HostView *h = candidates->pdata[i];

		if (has_room(h, cpus, memory, apart) && (!best || better(h, best, pack)))
			best = h;
	}
	return best;
}

static void keep_storage(GPtrArray *candidates, const char *storage)
{
	for (guint i = 0; i < candidates->len;) {
		const HostView *h = candidates->pdata[i];

		if (g_strcmp0(h->storage, storage) == 0)
			i++;
		else
			g_ptr_array_remove_index(candidates, i);
	}
}

gboolean placement_put(Core *core, const char *desktop, const char *pool, const ImageView *image,
		       const char *storage, GError **error)
{
	g_autoptr(GPtrArray) candidates = NULL;
	g_auto(PoolHostsView) hosts = {0};
	const HostView *best;

	if (!store_host_of_pool(core->db, pool, &hosts, error))
		return FALSE;
	if (!*hosts.hosts || !image)
		return TRUE;
	candidates = store_host_candidates(core->db, pool, brokers_name(core->brokers), error);
	if (!candidates)
		return FALSE;
	if (storage)
		keep_storage(candidates, storage);
	best = placement_choose(candidates, image->cpus, image->memory, hosts.placement,
				hosts.apart);
	if (!best) {
		g_set_error(error, FAULT, FAULT_BUSY,
			    "no host of pool '%s' has room for %u processors and %u MiB", pool,
			    image->cpus, image->memory);
		return FALSE;
	}
	return store_host_place(core->db, desktop, pool, best->name, image->cpus, image->memory,
				error);
}
