/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quotas: see quotas.h. */
#include "people/quotas.h"

#include <string.h>

#include "admin/audit.h"
#include "core_admin.h"
#include "fault.h"
#include "store_image.h"
#include "store_quota.h"

static const QuotaView *find(const GPtrArray *all, const char *kind, const char *name)
{
	for (guint i = 0; i < all->len; i++) {
		const QuotaView *quota = all->pdata[i];

		if (g_str_equal(quota->kind, kind) && g_str_equal(quota->name, name))
			return quota;
	}
	return NULL;
}

static unsigned wider(unsigned a, unsigned b)
{
	return a == 0 || b == 0 ? 0 : MAX(a, b);
}

/* FALSE: nothing limits them. */
static gboolean of_person(const GPtrArray *all, const Who *who, QuotaView *out)
{
	const QuotaView *own = find(all, "user", who->user);
	gboolean any = own != NULL;

	if (own)
		*out = *own;
	for (char **group = own ? NULL : who->groups; group && *group; group++) {
		const QuotaView *quota = find(all, "group", *group);

		if (!quota)
			continue;
		*out = !any ? *quota
			    : (QuotaView){.desktops = wider(out->desktops, quota->desktops),
					  .sessions = wider(out->sessions, quota->sessions),
					  .memory = wider(out->memory, quota->memory),
					  .cpus = wider(out->cpus, quota->cpus)};
		any = TRUE;
	}
	own = any ? NULL : find(all, "user", "*");
	if (own)
		*out = *own;
	return any || own;
}

static gboolean within(gint64 has, gint64 more, unsigned limit, const char *whose, const char *what,
		       GError **error)
{
	if (limit == 0 || more == 0 || has + more <= limit)
		return TRUE;
	g_set_error(error, FAULT, FAULT_QUOTA, "%s may have %u %s at a time, and no more is left.",
		    whose, limit, what);
	return FALSE;
}

static gboolean fits(const QuotaView *quota, const StoreUse *use, const StoreUse *more,
		     const char *whose, GError **error)
{
	return within(use->desktops, more->desktops, quota->desktops, whose, "desktops", error) &&
	       within(use->sessions, more->sessions, quota->sessions, whose, "sessions", error) &&
	       within(use->memory, more->memory, quota->memory, whose, "MiB of memory", error) &&
	       within(use->cpus, more->cpus, quota->cpus, whose, "processors", error);
}

/* What this desktop is more than what they have now, apart from itself. */
static gboolean needs(Core *core, const Who *who, const PoolView *pool, const StoreDesktop *row,
		      StoreUse *out, GError **error)
{
	g_autoptr(ImageView) image = NULL;

	*out = (StoreUse){.sessions = 1};
	out->desktops = !row || g_strcmp0(row->owner, who->user) != 0;
	if (!pool->image)
		return TRUE;
	image = store_image(core->db, row && row->image ? row->image : pool->image,
			    row && row->image ? row->version : pool->version, error);
	if (!image)
		return FALSE;
	out->memory = image->memory;
	out->cpus = image->cpus;
	return TRUE;
}

gboolean quotas_allow(Core *core, const Who *who, const PoolView *pool, const StoreDesktop *row,
		      GError **error)
{
	g_autoptr(GPtrArray) all = store_quotas(core->db, error);
	const char *except = row ? row->id : "";
	QuotaView person;
	const QuotaView *together;
	StoreUse use, more;
	gint64 now = core_now();

	if (!all)
		return FALSE;
	/* Who is in it already only comes back. */
	if (all->len == 0 || (row && g_str_equal(row->state, "in-use")))
		return TRUE;
	if (!needs(core, who, pool, row, &more, error))
		return FALSE;
	if (of_person(all, who, &person) &&
	    (!store_quota_use(core->db, who->user, NULL, except, now, &use, error) ||
	     !fits(&person, &use, &more, "You", error)))
		return FALSE;
	together = find(all, "pool", pool->name);
	return !together ||
	       (store_quota_use(core->db, NULL, pool->name, except, now, &use, error) &&
		fits(together, &use, &more, "All users of this pool together", error));
}

/* ---- for admins */

GPtrArray *core_quotas(Core *core, GError **error)
{
	return store_quotas(core->db, error);
}

gboolean core_quota_set(Core *core, const char *admin, const QuotaView *quota, GError **error)
{
	static const char *const kinds[] = {"user", "group", "pool", NULL};

	if (!quota->kind || !g_strv_contains(kinds, quota->kind) || !quota->name || !*quota->name ||
	    strpbrk(quota->name, "\n\r/")) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "a quota is of a user (\"*\": everybody), a group or a pool");
		return FALSE;
	}
	if (!store_quota_put(core->db, quota, error))
		return FALSE;
	audit_admin(core, admin, NULL,
		    "quota set %s %s: %u desktops, %u sessions, %u MiB, %u processors", quota->kind,
		    quota->name, quota->desktops, quota->sessions, quota->memory, quota->cpus);
	return TRUE;
}

gboolean core_quota_remove(Core *core, const char *admin, const char *kind, const char *name,
			   GError **error)
{
	if (!store_quota_remove(core->db, kind, name, error))
		return FALSE;
	audit_admin(core, admin, NULL, "quota remove %s %s", kind, name);
	return TRUE;
}
