/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entitlement: see entitlement.h. */
#include "people/entitlement.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "fault.h"
#include "store_entitlement.h"
#include "store_pool.h"

gboolean entitlement_admin(const Options *options, const char *user, char **groups)
{
	for (char **admin = options->admins; admin && *admin; admin++) {
		if (**admin != '@' && g_str_equal(*admin, user))
			return TRUE;
		if (**admin == '@' && groups &&
		    g_strv_contains((const char *const *)groups, *admin + 1))
			return TRUE;
	}
	return FALSE;
}

GPtrArray *entitlement_pools(Core *core, const Who *who, GError **error)
{
	g_autoptr(GPtrArray) names = store_entitled_pools(core->db, who->user, who->groups, error);
	g_autoptr(GPtrArray) pools = names ? store_pools(core->db, error) : NULL;

	for (guint i = pools ? pools->len : 0; i-- > 0;) {
		const PoolView *pool = pools->pdata[i];

		if (!g_ptr_array_find_with_equal_func(names, pool->name, g_str_equal, NULL))
			g_ptr_array_remove_index(pools, i);
	}
	return g_steal_pointer(&pools);
}

PoolView *entitlement_pool(Core *core, const Who *who, const char *pool, GError **error)
{
	g_autoptr(GPtrArray) names = store_entitled_pools(core->db, who->user, who->groups, error);

	if (!names)
		return NULL;
	if (g_ptr_array_find_with_equal_func(names, pool, g_str_equal, NULL))
		return store_pool(core->db, pool, error);
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s may not use pool '%s', or there is none",
		    who->user, pool);
	return NULL;
}

StoreDesktop *entitlement_own(Core *core, const Who *who, const char *id, PoolView **out_pool,
			      GError **error)
{
	g_autoptr(StoreDesktop) row = store_desktop(core->db, id, error);
	g_autoptr(PoolView) pool = row ? entitlement_pool(core, who, row->pool, error) : NULL;

	if (!pool)
		return NULL;
	if (!g_str_equal(pool->kind, "dedicated") || g_strcmp0(row->owner, who->user) != 0) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s is not %s's", id, who->user);
		return NULL;
	}
	if (out_pool)
		*out_pool = g_steal_pointer(&pool);
	return g_steal_pointer(&row);
}

#define GROUPS_MAX 1024
#define NSS_MAX    65536 /* bytes of one entry */

/* NULL: it has no name. */
static char *group_name(gid_t id)
{
	g_autofree char *memory = g_malloc(NSS_MAX);
	struct group group, *found = NULL;

	if (getgrgid_r(id, &group, memory, NSS_MAX, &found) != 0 || !found)
		return NULL;
	return g_strdup(group.gr_name);
}

char **entitlement_groups(const char *user)
{
	g_autofree char *memory = g_malloc(NSS_MAX);
	g_autofree gid_t *ids = g_new(gid_t, GROUPS_MAX);
	GPtrArray *names = g_ptr_array_new();
	struct passwd passwd, *found = NULL;
	int n = GROUPS_MAX;

	if (getpwnam_r(user, &passwd, memory, NSS_MAX, &found) == 0 && found &&
	    getgrouplist(user, passwd.pw_gid, ids, &n) >= 0) {
		for (int i = 0; i < n; i++) {
			char *name = group_name(ids[i]);

			if (name)
				g_ptr_array_add(names, name);
		}
	}
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}
