/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rollout: see rollout.h. */
#include "upkeep/rollout.h"

#include "admin/audit.h"
#include "desktops/desktop.h"
#include "desktops/seat.h"
#include "people/entitlement.h"
#include "store_desktop.h"
#include "store_pool.h"
#include "upkeep/brokers.h"

#define AT_ONCE 16

/* Whether one of the ready must go so that there is a place for what is new: as many as there
 * should be are ready, but not of the new, the pool is full, and none is on its way. */
static gboolean must_make_place(Core *core, const PoolView *pool, gboolean *out, GError **error)
{
	const char *broker = brokers_name(core->brokers);
	PoolView counted = *pool;
	gboolean coming;
	unsigned ready;

	if (!store_desktop_coming(core->db, pool->name, broker, &coming, error) ||
	    !store_pool_count(core->db, &counted, error) ||
	    !store_desktop_count_ready(core->db, pool->name, broker, pool->spare, &ready, error))
		return FALSE;
	*out = ready >= pool->spare && !coming && counted.total >= pool->max;
	return TRUE;
}

/* How many of the ready ones may go. */
static gboolean allowance(Core *core, const PoolView *pool, guint *out, GError **error)
{
	const char *broker = brokers_name(core->brokers);
	gboolean one = FALSE;
	unsigned fresh;

	if (!store_desktop_count_current(core->db, pool->name, broker, pool->spare, &fresh,
					 error) ||
	    (fresh < pool->spare && !must_make_place(core, pool, &one, error)))
		return FALSE;
	*out = fresh >= pool->spare ? AT_ONCE : one ? 1 : 0;
	return TRUE;
}

gboolean core_desktop_update(Core *core, const Who *who, const char *id, const char *peer,
			     GError **error)
{
	g_autoptr(PoolView) pool = NULL;
	g_autoptr(StoreDesktop) row = entitlement_own(core, who, id, &pool, error);

	if (!row)
		return FALSE;
	if (!seat_elsewhere(row, pool))
		return TRUE;
	if (!desktop_reset(core, id, who->user, error))
		return FALSE;
	audit_note(core, &(AuditEntry){.event = "update",
				       .user = who->user,
				       .peer = peer,
				       .desktop = id,
				       .detail = pool->image});
	return TRUE;
}

GPtrArray *rollout_find(Core *core, const PoolView *pool, GError **error)
{
	const char *broker = brokers_name(core->brokers);
	g_autoptr(GPtrArray)
		ids = store_desktop_find_stale_off(core->db, pool->name, broker, AT_ONCE, error);
	g_autoptr(GPtrArray) ready = NULL;
	guint n = 0;

	ready = ids ? store_desktop_find_stale_ready(core->db, pool->name, broker, AT_ONCE, error)
		    : NULL;
	if (!ready || (ready->len > 0 && !allowance(core, pool, &n, error)))
		return NULL;
	g_ptr_array_set_size(ready, (gint)MIN(n, ready->len));
	g_ptr_array_extend_and_steal(ids, g_steal_pointer(&ready));
	return g_steal_pointer(&ids);
}
