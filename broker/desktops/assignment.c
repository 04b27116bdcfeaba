/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assignment: see assignment.h. */
#include "desktops/assignment.h"

#include "desktops/machine.h"
#include "desktops/seat.h"
#include "fault.h"
#include "hosts/placement.h"
#include "people/entitlement.h"
#include "people/quotas.h"
#include "store_desktop.h"
#include "store_image.h"
#include "store_pool.h"
#include "upkeep/brokers.h"
#include "upkeep/maintenance.h"

#define LOOK_FROM 100 /* as many names are looked at for a gap; a bigger pool takes one behind */

/* The first "POOL-N" that is not taken, or in a big pool the first behind as many as it has. */
static char *free_name(Core *core, const PoolView *pool, unsigned count, GError **error)
{
	for (unsigned n = count < LOOK_FROM ? 1 : count + 1;; n++) {
		g_autofree char *name = g_strdup_printf("%s-%u", pool->name, n);
		gboolean taken;

		if (!store_desktop_name_taken(core->db, pool->name, name, &taken, error))
			return NULL;
		if (!taken)
			return g_steal_pointer(&name);
	}
}

/* NULL without an error for a pool without one. */
static ImageView *image_of(Core *core, const PoolView *pool, GError **error)
{
	return pool->image ? store_image(core->db, pool->image, pool->version, error) : NULL;
}

/* Inside a transaction; image as above. */
static gboolean make(Core *core, const PoolView *pool, const ImageView *image, const char *owner,
		     gint64 until, char **out_id, GError **error)
{
	g_autofree char *id = NULL;
	g_autofree char *name = NULL;
	unsigned count;
	StoreDesktop row = {.pool = pool->name,
			    .owner = (char *)owner,
			    .state = (char *)"off",
			    .held_until = owner ? until : 0};

	if (!store_desktop_count(core->db, pool->name, &count, error))
		return FALSE;
	*out_id = NULL;
	if (count >= pool->max)
		return TRUE;
	row.id = id = core_make_id("d-");
	row.name = name = free_name(core, pool, count, error);
	if (!name)
		return FALSE;
	if (seat_pool_local(pool))
		row.broker = (char *)brokers_name(core->brokers);
	if (!store_desktop_add(core->db, &row, error) ||
	    !placement_put(core, id, pool->name, image, NULL, error))
		return FALSE;
	*out_id = g_steal_pointer(&id);
	return TRUE;
}

gboolean assignment_make(Core *core, const PoolView *pool, const char *owner, gint64 until,
			 char **out_id, GError **error)
{
	g_autoptr(ImageView) image = image_of(core, pool, error);
	g_auto(DbTransaction) tx = {NULL};
	g_autoptr(GError) why = NULL;
	g_autofree char *id = NULL;

	if (pool->image && !image)
		return FALSE;
	tx = db_begin(core->db, error);
	if (!tx.db)
		return FALSE;
	if (!make(core, pool, image, owner, until, &id, &why)) {
		/* No host has room: as full as it can be. */
		if (g_error_matches(why, FAULT, FAULT_BUSY)) {
			*out_id = NULL;
			return TRUE;
		}
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	if (!db_commit(&tx, error))
		return FALSE;
	*out_id = g_steal_pointer(&id);
	return TRUE;
}

/* id NULL: a new one. */
static gboolean may_have(Core *core, const Who *who, const PoolView *pool, const char *id,
			 GError **error)
{
	g_autoptr(StoreDesktop) row = id ? store_desktop(core->db, id, error) : NULL;

	return (row || !id) && maintenance_allow(core, who, pool, row, error) &&
	       quotas_allow(core, who, pool, row, error);
}

/* Inside a transaction, in which none was free. */
static gboolean none_free(Core *core, const PoolView *pool, gboolean *out_coming, GError **error)
{
	if (!store_desktop_coming(core->db, pool->name, brokers_name(core->brokers), out_coming,
				  error))
		return FALSE;
	g_set_error(error, FAULT, FAULT_BUSY, "pool '%s' has no free desktop (%u at most)%s",
		    pool->name, pool->max, *out_coming ? "; one is being made fresh" : "");
	return FALSE;
}

/* Inside a transaction: from a pool's card. */
static gboolean from_pool(Core *core, const Who *who, const PoolView *pool, const ImageView *image,
			  gint64 until, char **out_id, gboolean *out_coming, GError **error)
{
	const char *broker = brokers_name(core->brokers);
	gboolean floating = g_str_equal(pool->kind, "floating");
	g_autofree char *id = NULL;

	/* A floating one on another broker's machine is given up for one that can be reached. */
	if (!store_desktop_find_owned(core->db, pool->name, who->user, floating ? broker : NULL,
				      &id, error))
		return FALSE;
	if (!id && !store_desktop_find_free(core->db, pool->name, broker, &id, error))
		return FALSE;
	if (!may_have(core, who, pool, id, error))
		return FALSE;
	if (id) {
		if (!store_desktop_claim(core->db, id, who->user, until, error))
			return FALSE;
	} else if (!make(core, pool, image, who->user, until, &id, error)) {
		return FALSE;
	}
	if (!id)
		return none_free(core, pool, out_coming, error);
	*out_id = g_steal_pointer(&id);
	return TRUE;
}

/* Inside a transaction: a desktop by its id. */
static gboolean by_id(Core *core, const Who *who, const char *id, gint64 until, char **out_id,
		      GError **error)
{
	g_autoptr(StoreDesktop) row = store_desktop(core->db, id, error);
	g_autoptr(PoolView) pool = row ? entitlement_pool(core, who, row->pool, error) : NULL;
	gboolean nobody_there = TRUE;

	if (!pool)
		return FALSE;
	if (!g_str_equal(pool->kind, "machines") && g_strcmp0(row->owner, who->user) != 0) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s is not %s's", id, who->user);
		return FALSE;
	}
	if (g_str_equal(pool->kind, "machines") &&
	    !machine_free_for(core, id, who->user, &nobody_there, error))
		return FALSE;
	if (!nobody_there) {
		g_set_error(error, FAULT, FAULT_BUSY, "somebody sits at %s", row->name);
		return FALSE;
	}
	if (!maintenance_allow(core, who, pool, row, error) ||
	    !quotas_allow(core, who, pool, row, error) ||
	    !store_desktop_claim(core->db, id, who->user, until, error))
		return FALSE;
	*out_id = g_strdup(id);
	return TRUE;
}

/* What does not change with a desktop is read before the transaction, for which others wait. */
static gboolean by_card(Core *core, const Who *who, const char *name, gint64 until, char **out_id,
			gboolean *out_coming, GError **error)
{
	g_autoptr(PoolView) pool = entitlement_pool(core, who, name, error);
	g_autoptr(ImageView) image = NULL;
	g_auto(DbTransaction) tx = {NULL};
	g_autofree char *id = NULL;

	if (!pool)
		return FALSE;
	if (g_str_equal(pool->kind, "machines")) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "pool '%s' has no card", pool->name);
		return FALSE;
	}
	image = image_of(core, pool, error);
	if (pool->image && !image)
		return FALSE;
	tx = db_begin(core->db, error);
	if (!tx.db || !from_pool(core, who, pool, image, until, &id, out_coming, error) ||
	    !db_commit(&tx, error))
		return FALSE;
	*out_id = g_steal_pointer(&id);
	return TRUE;
}

gboolean assignment_assign(Core *core, const Who *who, const char *card, gint64 until,
			   char **out_id, gboolean *out_coming, GError **error)
{
	*out_coming = FALSE;
	if (g_str_has_prefix(card, "p-"))
		return by_card(core, who, card + 2, until, out_id, out_coming, error);

	g_auto(DbTransaction) tx = db_begin(core->db, error);
	g_autofree char *id = NULL;

	if (!tx.db || !by_id(core, who, card, until, &id, error) || !db_commit(&tx, error))
		return FALSE;
	*out_id = g_steal_pointer(&id);
	return TRUE;
}
