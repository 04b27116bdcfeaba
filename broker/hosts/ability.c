/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ability: see ability.h. */
#include "hosts/ability.h"

#include "fault.h"
#include "hosts/providers.h"
#include "store_host.h"

static gboolean ask(Core *core, const char *provider, const char *uri, ProviderAbility *out,
		    GError **error)
{
	const ProviderOps *ops;
	Provider *open;

	if (!providers_get(core->providers, provider, uri, &ops, &open, error))
		return FALSE;
	*out = provider_ability(ops, open);
	return TRUE;
}

gboolean ability_of_pool(Core *core, const PoolView *pool, ProviderAbility *out, GError **error)
{
	g_auto(PoolHostsView) on = {0};
	g_autoptr(GError) why = NULL;
	gboolean any = FALSE;

	if (!store_host_of_pool(core->db, pool->name, &on, error))
		return FALSE;
	if (!*on.hosts)
		return ask(core, pool->provider, pool->uri, out, error);
	for (char **name = on.hosts; *name; name++) {
		g_autoptr(HostView) host = store_host(core->db, *name, NULL);
		ProviderAbility able;

		g_clear_error(&why);
		if (!host || !ask(core, host->provider, host->uri, &able, &why))
			continue;
		able.caps &= any ? out->caps : able.caps;
		able.displays &= any ? out->displays : able.displays;
		*out = able;
		any = TRUE;
	}
	if (!any && why)
		g_propagate_error(error, g_steal_pointer(&why));
	else if (!any)
		g_set_error(error, FAULT, FAULT_BUSY, "the hosts of pool '%s' have just changed",
			    pool->name);
	return any;
}

gboolean ability_has(const ProviderAbility *able, unsigned caps, const char *pool, const char *what,
		     GError **error)
{
	if ((able->caps & caps) == caps)
		return TRUE;
	g_set_error(error, FAULT, FAULT_CLIENT, "pool '%s': %s cannot %s", pool, able->name, what);
	return FALSE;
}

static const struct {
	unsigned cap;
	const char *word;
} words[] =
	{
		{PROVIDER_CLONES, "images"},      {PROVIDER_DISKS, "disks"},
		{PROVIDER_POWER, "power"},        {PROVIDER_SUSPENDS, "suspend"},
		{PROVIDER_SNAPSHOTS, "snapshot"}, {PROVIDER_INSTANT, "instant"},
		{PROVIDER_MIGRATES, "migrate"},   {PROVIDER_TICKETS, "password"},
		{PROVIDER_WEIGHS, "weight"},      {PROVIDER_EVENTS, "events"},
},
  displays[] = {
	  {PROVIDER_VNC, "vnc"},
	  {PROVIDER_SPICE, "spice"},
	  {PROVIDER_RDP, "rdp"},
};

static char **in_words(const ProviderAbility *able)
{
	g_autoptr(GStrvBuilder) can = g_strv_builder_new();

	for (gsize i = 0; i < G_N_ELEMENTS(displays); i++) {
		if (able->displays & displays[i].cap)
			g_strv_builder_add(can, displays[i].word);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		if (able->caps & words[i].cap)
			g_strv_builder_add(can, words[i].word);
	}
	return g_strv_builder_end(can);
}

void ability_tell(Core *core, const char *provider, const char *uri, char **out_hypervisor,
		  char ***out_can)
{
	const ProviderOps *ops = provider_find(provider);
	const Provider *open = ops ? providers_peek(core->providers, ops, uri) : NULL;
	ProviderAbility able;

	if (!open)
		return;
	able = provider_ability(ops, open);
	*out_hypervisor = g_strdup(able.name);
	*out_can = in_words(&able);
}
