/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin_hosts: what admins say of the machines that desktops run on. */
#include "admin/audit.h"
#include "core_admin.h"
#include "fault.h"
#include "hosts/ability.h"
#include "hosts/hosts.h"
#include "hosts/providers.h"
#include "provider/provider.h"
#include "store_host.h"
#include "store_pool.h"
#include "upkeep/brokers.h"
#include "upkeep/maintainer.h"

#define CPU_RATIO    400 /* percent: desktops are idle most of the time */
#define MEMORY_RATIO 100
#define RATIO_MAX    10000

static gboolean wrong(GError **error, const char *words)
{
	g_set_error_literal(error, FAULT, FAULT_CLIENT, words);
	return FALSE;
}

GPtrArray *core_hosts(Core *core, GError **error)
{
	GPtrArray *hosts = store_hosts(core->db, error);

	for (guint i = 0; hosts && i < hosts->len; i++) {
		HostView *host = hosts->pdata[i];

		ability_tell(core, host->provider, host->uri, &host->hypervisor, &host->can);
	}
	return hosts;
}

/* What was not said, the host knows itself. */
static gboolean measure(Core *core, HostView *host, const ProviderOps **out_ops, GError **error)
{
	ProviderHost what = {0};
	Provider *provider;

	if (!providers_get(core->providers, host->provider, host->uri, out_ops, &provider, error))
		return FALSE;
	if (!(*out_ops)->host)
		return wrong(error, "that provider has no hosts");
	if (!(*out_ops)->host(provider, &what, error))
		return FALSE;
	host->cpus = host->cpus ? host->cpus : what.cpus;
	host->memory = host->memory ? host->memory : what.memory;
	return TRUE;
}

/* Counted twice, it would promise twice what it has. */
static gboolean known_already(Core *core, const HostView *host, gboolean *out, GError **error)
{
	g_autoptr(GPtrArray) hosts = store_hosts(core->db, error);

	*out = FALSE;
	for (guint i = 0; hosts && i < hosts->len; i++) {
		const HostView *h = hosts->pdata[i];

		*out |= !g_str_equal(h->name, host->name) &&
			g_str_equal(h->provider, host->provider) &&
			g_str_equal(h->uri, host->uri) && g_strcmp0(h->broker, host->broker) == 0;
	}
	return hosts != NULL;
}

gboolean core_host_add(Core *core, const char *admin, const HostView *host, GError **error)
{
	HostView whole = *host;
	const ProviderOps *ops;
	gboolean known;

	if (!core_name_ok(host->name, "a host", error))
		return FALSE;
	if (!whole.provider || !provider_find(whole.provider))
		return wrong(error, "a host's provider is qemu, libvirt or container");
	whole.uri = whole.uri ? whole.uri : (char *)"";
	whole.storage = whole.storage && *whole.storage ? whole.storage : NULL;
	whole.cpu_ratio = whole.cpu_ratio ? whole.cpu_ratio : CPU_RATIO;
	whole.memory_ratio = whole.memory_ratio ? whole.memory_ratio : MEMORY_RATIO;
	if (whole.cpu_ratio > RATIO_MAX || whole.memory_ratio > RATIO_MAX)
		return wrong(error, "a ratio is 1 to 10000 percent");
	if (!measure(core, &whole, &ops, error))
		return FALSE;
	whole.broker = ops->caps & PROVIDER_LOCAL ? (char *)brokers_name(core->brokers) : NULL;
	if (!known_already(core, &whole, &known, error))
		return FALSE;
	if (known)
		return wrong(error, "that machine is a host under another name");
	if (!store_host_put(core->db, &whole, error))
		return FALSE;
	audit_admin(core, admin, NULL, "host add %s (%s %s)", whole.name, whole.provider,
		    whole.uri);
	maintainer_wake(core->maintainer);
	return TRUE;
}

gboolean core_host_remove(Core *core, const char *admin, const char *name, GError **error)
{
	if (!store_host_remove(core->db, name, error))
		return FALSE;
	audit_admin(core, admin, NULL, "host remove %s", name);
	return TRUE;
}

static gboolean set_drain(Core *core, const char *name, gboolean drain, GError **error)
{
	g_autoptr(HostView) host = store_host(core->db, name, error);

	if (!host || !store_host_set_drain(core->db, name, drain, error))
		return FALSE;
	hosts_wake(core->hosts);
	maintainer_wake(core->maintainer);
	return TRUE;
}

gboolean core_host_drain(Core *core, const char *admin, const char *name, GError **error)
{
	if (!set_drain(core, name, TRUE, error))
		return FALSE;
	audit_admin(core, admin, NULL, "host drain %s", name);
	return TRUE;
}

gboolean core_host_resume(Core *core, const char *admin, const char *name, GError **error)
{
	if (!set_drain(core, name, FALSE, error))
		return FALSE;
	audit_admin(core, admin, NULL, "host resume %s", name);
	return TRUE;
}

/* ---- pools */

gboolean core_pool_hosts(Core *core, const char *pool, PoolHostsView *out, GError **error)
{
	g_autoptr(PoolView) found = store_pool(core->db, pool, error);

	return found && store_host_of_pool(core->db, pool, out, error);
}

static gboolean host_fits(Core *core, const PoolView *pool, const char *name, GError **error)
{
	g_autoptr(HostView) host = store_host(core->db, name, error);
	g_autofree char *there = NULL, *here = NULL;
	g_auto(GStrv) ignored = NULL, ignored_too = NULL;

	if (!host)
		return FALSE;
	if (!g_str_equal(host->provider, pool->provider)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "host '%s' is one of %s, pool '%s' of %s",
			    name, host->provider, pool->name, pool->provider);
		return FALSE;
	}
	/* An image is made for one hypervisor. */
	ability_tell(core, host->provider, host->uri, &there, &ignored);
	ability_tell(core, pool->provider, pool->uri, &here, &ignored_too);
	if (!there || !here || g_str_equal(there, here))
		return TRUE;
	g_set_error(error, FAULT, FAULT_CLIENT, "host '%s' runs %s, pool '%s' is for %s", name,
		    there, pool->name, here);
	return FALSE;
}

gboolean core_pool_set_hosts(Core *core, const char *admin, const PoolHostsView *hosts,
			     GError **error)
{
	g_autoptr(PoolView) pool = store_pool(core->db, hosts->pool, error);
	g_autofree char *names = NULL;
	PoolHostsView whole = *hosts;

	if (!pool)
		return FALSE;
	if (g_str_equal(pool->kind, "machines"))
		return wrong(error, "a pool of machines has no hosts");
	whole.placement = whole.placement ? whole.placement : (char *)"spread";
	if (!g_str_equal(whole.placement, "spread") && !g_str_equal(whole.placement, "pack"))
		return wrong(error, "placement is spread or pack");
	for (char **name = whole.hosts; *name; name++) {
		if (!host_fits(core, pool, *name, error))
			return FALSE;
	}
	if (!store_host_set_pool(core->db, &whole, error))
		return FALSE;
	names = g_strjoinv(" ", whole.hosts);
	audit_admin(core, admin, NULL, "pool hosts %s %s (%s, apart %u)", pool->name, names,
		    whole.placement, whole.apart);
	maintainer_wake(core->maintainer);
	return TRUE;
}
