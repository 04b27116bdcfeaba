/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: what admins change. Each deed is in the audit log. */
#include <string.h>

#include "admin/audit.h"
#include "core_admin.h"
#include "desktops/desktop.h"
#include "desktops/images.h"
#include "fault.h"
#include "hosts/ability.h"
#include "provider/provider.h"
#include "sessions/session.h"
#include "store_desktop.h"
#include "store_entitlement.h"
#include "store_pool.h"
#include "store_ticket.h"
#include "upkeep/maintainer.h"

static gboolean wrong(GError **error, const char *words)
{
	g_set_error_literal(error, FAULT, FAULT_CLIENT, words);
	return FALSE;
}

/* ---- pools */

GPtrArray *core_pools(Core *core, GError **error)
{
	g_autoptr(GPtrArray) pools = store_pools(core->db, error);

	for (guint i = 0; pools && i < pools->len; i++) {
		PoolView *pool = pools->pdata[i];

		if (!store_pool_count(core->db, pool, error))
			return NULL;
		ability_tell(core, pool->provider, pool->uri, &pool->hypervisor, &pool->can);
	}
	return g_steal_pointer(&pools);
}

/* Writes it down, and publishes what it does not have yet: by default the newest version of an
 * image that is new to it. */
static gboolean put(Core *core, PoolView *pool, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(PoolView) old = store_pool(core->db, pool->name, &why);
	g_autoptr(ImageView) image = NULL;

	/* One that cannot be read is not new, and keeps its version. */
	if (!old && !g_error_matches(why, FAULT, FAULT_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	if (!pool->image)
		return images_check(core, pool, NULL, error) &&
		       store_pool_put(core->db, pool, error);
	if (old && !pool->version && g_strcmp0(old->image, pool->image) == 0)
		pool->version = old->version;
	if (!images_check(core, pool, &image, error))
		return FALSE;
	pool->version = image->version;
	return store_pool_put(core->db, pool, error) &&
	       store_pool_publish(core->db, pool->name, pool->image, pool->version, error);
}

static gboolean weight_ok(Core *core, const PoolView *pool, GError **error)
{
	ProviderAbility able;

	return pool->weight == 0 || pool->weight == 100 ||
	       (ability_of_pool(core, pool, &able, error) &&
		ability_has(&able, PROVIDER_WEIGHS, pool->name,
			    "give a desktop more or less of its host than others", error));
}

gboolean core_pool_add(Core *core, const char *admin, const PoolView *pool, GError **error)
{
	static const char *const kinds[] = {"dedicated", "floating", "machines", NULL};
	PoolView whole = *pool;
	gboolean machines;

	if (!core_name_ok(pool->name, "a pool", error))
		return FALSE;
	if (!pool->kind || !g_strv_contains(kinds, pool->kind))
		return wrong(error, "a pool is dedicated, floating or machines");
	machines = g_str_equal(pool->kind, "machines");
	if (machines != !pool->image)
		return wrong(error, machines ? "a pool of machines has no image"
					     : "this kind of pool needs an image");
	if (!pool->provider)
		whole.provider = (char *)(machines ? "machine" : "qemu");
	if (machines != g_str_equal(whole.provider, "machine"))
		return wrong(error, "the provider of machines, and of nothing else, is 'machine'");
	if (!provider_find(whole.provider))
		return wrong(error, "a pool's provider is qemu, libvirt or container");
	if (!pool->uri)
		whole.uri = (char *)"";
	if (!machines && pool->max == 0)
		return wrong(error, "a pool needs room for one desktop at least");
	if (pool->spare > pool->max)
		return wrong(error, "more spare desktops than the pool may have");
	if (!weight_ok(core, &whole, error) || !put(core, &whole, error))
		return FALSE;
	audit_admin(core, admin, NULL, "pool add %s (%s)", pool->name, pool->kind);
	maintainer_wake(core->maintainer);
	return TRUE;
}

gboolean core_pool_remove(Core *core, const char *admin, const char *name, GError **error)
{
	g_autoptr(PoolView) pool = store_pool(core->db, name, error);
	g_autoptr(GPtrArray) rows = NULL;

	if (!pool || !store_pool_count(core->db, pool, error))
		return FALSE;
	if (pool->busy > 0) {
		g_set_error(error, FAULT, FAULT_BUSY, "%u desktops of pool '%s' are in use",
			    pool->busy, name);
		return FALSE;
	}
	/* First nobody can get in any more; then it may take its time, and be done again. */
	if (!store_pool_close(core->db, name, error))
		return FALSE;
	rows = store_desktops(core->db, name, error);
	for (guint i = 0; rows && i < rows->len; i++) {
		StoreDesktop *row = rows->pdata[i];

		sessions_end_desktop(core, row->id, NULL, "the pool was removed");
		if (!desktop_destroy(core, row->id, error))
			return FALSE;
	}
	if (!rows || !store_pool_remove(core->db, name, error))
		return FALSE;
	audit_admin(core, admin, NULL, "pool remove %s", name);
	return TRUE;
}

/* ---- entitlements */

GPtrArray *core_entitlements(Core *core, GError **error)
{
	return store_entitlements(core->db, error);
}

static const char *entitled(const EntitlementView *to)
{
	return to->user ? to->user : to->group;
}

static gboolean names_one(const EntitlementView *to, GError **error)
{
	const char *name = entitled(to);

	if (!to->user == !to->group || !*name || strpbrk(name, "\n\r"))
		return wrong(error, "name either a user or a group");
	return TRUE;
}

static void audit_entitlement(Core *core, const char *admin, const char *what,
			      const EntitlementView *to)
{
	audit_admin(core, admin, NULL, "%s %s %s %s", what, to->user ? "user" : "group",
		    entitled(to), to->pool);
}

gboolean core_entitle(Core *core, const char *admin, const EntitlementView *to, GError **error)
{
	if (!names_one(to, error) || !store_entitle(core->db, to, error))
		return FALSE;
	audit_entitlement(core, admin, "entitle", to);
	return TRUE;
}

gboolean core_unentitle(Core *core, const char *admin, const EntitlementView *to, GError **error)
{
	/* Everybody's tickets: who still may have one takes a new one with the next click. */
	if (!names_one(to, error) || !store_unentitle(core->db, to, error) ||
	    !store_ticket_withdraw(core->db, to->pool, error))
		return FALSE;
	audit_entitlement(core, admin, "withdraw", to);
	return TRUE;
}
