/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_ability: see libvirt_ability.h. */
#include "libvirt/libvirt_ability.h"

#include <string.h>

#include "fault.h"

/* What every hypervisor does for libvirt. */
#define LIFE (PROVIDER_CLONES | PROVIDER_POWER | PROVIDER_RESETS | PROVIDER_SURVIVES)

typedef struct {
	const char *type; /* as virConnectGetType() has it, in whatever case; see type_of() */
	const char *name;
	unsigned caps;
	unsigned displays;
	gboolean built_in;
	unsigned long before; /* this version (virConnectGetVersion()); 0: in all */
} Row;

/* Of these QEMU, LXC, the test driver, Xen, ESX (as VMware's simulator), Workstation and Player
 * (with a stand-in for vmrun) are in the tests. The others stand here as libvirt's own drivers have
 * them: which functions they implement, and what their domains can be defined with. */
static const Row rows[] = {
	{"QEMU", "QEMU",
	 LIFE | PROVIDER_EVENTS | PROVIDER_SUSPENDS | PROVIDER_DISKS | PROVIDER_TICKETS |
		 PROVIDER_WEIGHS | PROVIDER_MIGRATES,
	 PROVIDER_VNC | PROVIDER_SPICE, TRUE},
	{"TEST", "libvirt's test driver",
	 LIFE | PROVIDER_EVENTS | PROVIDER_SUSPENDS | PROVIDER_DISKS, PROVIDER_VNC | PROVIDER_SPICE,
	 TRUE},
	{"Xen", "Xen", LIFE | PROVIDER_EVENTS | PROVIDER_SUSPENDS | PROVIDER_DISKS,
	 PROVIDER_VNC | PROVIDER_SPICE}, /* migrates, but not with the flags that we need */
	{"LXC", "LXC", LIFE | PROVIDER_EVENTS | PROVIDER_SUSPENDS | PROVIDER_WEIGHS, 0},
	{"ESX", "VMware ESX", LIFE | PROVIDER_SUSPENDS, PROVIDER_VNC, FALSE, 7000000},
	{"ESX", "VMware ESX 7", LIFE | PROVIDER_SUSPENDS, 0}, /* has no VNC server any more */
	{"VMware", "VMware Workstation", LIFE | PROVIDER_SUSPENDS, PROVIDER_VNC},
	{"vmwareplayer", "VMware Player", LIFE, PROVIDER_VNC},
	{"VBOX", "VirtualBox", LIFE | PROVIDER_SUSPENDS, 0}, /* has RDP: a machine of its own */
	{"Hyper-V", "Hyper-V", LIFE | PROVIDER_SUSPENDS, 0},
	{"BHYVE", "bhyve", LIFE | PROVIDER_EVENTS, PROVIDER_VNC},
	{"vz", "Virtuozzo", LIFE | PROVIDER_EVENTS | PROVIDER_SUSPENDS, PROVIDER_VNC},
	{"CH", "Cloud Hypervisor", LIFE | PROVIDER_SUSPENDS, 0},
};

/* Which types of <graphics> stand in <domainCapabilities>. */
static unsigned graphics_of(const char *xml, unsigned unknown)
{
	const char *begin = strstr(xml, "<graphics ");
	const char *end = begin ? strstr(begin, "</graphics>") : NULL;
	g_autofree char *part = end ? g_strndup(begin, (gsize)(end - begin)) : NULL;
	unsigned displays = 0;

	if (!part)
		return unknown;
	if (strstr(part, "<value>vnc</value>"))
		displays |= PROVIDER_VNC;
	if (strstr(part, "<value>spice</value>"))
		displays |= PROVIDER_SPICE;
	return displays;
}

static gboolean is_of(const Row *row, const char *type, unsigned long version)
{
	return type && g_ascii_strcasecmp(row->type, type) == 0 &&
	       (row->before == 0 || version < row->before);
}

LibvirtAbility libvirt_ability_of(const char *type, unsigned long version,
				  const char *domain_capabilities)
{
	static const Row unknown = {NULL, "this hypervisor", LIFE, 0, FALSE};
	const Row *row = &unknown;
	LibvirtAbility able;

	for (gsize i = 0; row == &unknown && i < G_N_ELEMENTS(rows); i++) {
		if (is_of(&rows[i], type, version))
			row = &rows[i];
	}
	able = (LibvirtAbility){.ability = {row->name, row->caps, row->displays},
				.built_in = row->built_in};
	if (domain_capabilities)
		able.ability.displays &= graphics_of(domain_capabilities, row->displays);
	return able;
}

/* libvirt calls Player what it calls Workstation, which can more. */
static const char *type_of(virConnectPtr connection)
{
	static const char player[] = "vmwareplayer";
	char *uri = virConnectGetURI(connection);
	gboolean plays = uri && g_str_has_prefix(uri, player);

	free(uri);
	return plays ? player : virConnectGetType(connection);
}

LibvirtAbility libvirt_ability_ask(virConnectPtr connection, gboolean hears)
{
	char *xml = virConnectGetDomainCapabilities(connection, NULL, NULL, NULL, NULL, 0);
	unsigned long version = 0;
	LibvirtAbility able;

	virConnectGetVersion(connection, &version);
	able = libvirt_ability_of(type_of(connection), version, xml);
	free(xml);
	if (!hears)
		able.ability.caps &= ~(unsigned)PROVIDER_EVENTS;
	return able;
}

static gboolean lacks(const LibvirtAbility *able, const char *what, GError **error)
{
	g_set_error(error, FAULT, FAULT_CLIENT, "%s %s", able->ability.name, what);
	return FALSE;
}

gboolean libvirt_ability_suffices(const LibvirtAbility *able, const ProviderImage *image,
				  GError **error)
{
	if (!able->ability.displays)
		return lacks(able,
			     "shows no VNC or SPICE display through libvirt: what has a display of "
			     "its own there can be in a pool of machines",
			     error);
	if (image->disk && !(able->ability.caps & PROVIDER_DISKS))
		return lacks(
			able,
			"makes no disk that is a copy-on-write overlay of an image's: an image "
			"for it has a template (xml) and no disk",
			error);
	return image->xml || able->built_in ||
	       lacks(able, "has no built-in definition: its images need a domain template (xml)",
		     error);
}
