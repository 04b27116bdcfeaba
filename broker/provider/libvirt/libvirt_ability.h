/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_ability: what desktops can have done to them at the hypervisor that a libvirt URI has
 * opened. libvirt is asked where it has an answer (which hypervisor, which displays); what it knows
 * only by trying (passwords of displays, standing still, ...) is in a table, as of libvirt 9.
 */
#pragma once

#include <libvirt/libvirt.h>

#include "provider.h"

typedef struct {
	ProviderAbility ability;
	gboolean built_in; /* domains can be defined without a template (libvirt_xml.h) */
} LibvirtAbility;

/* hears: domains' ends are told (libvirt_link_hears()). */
LibvirtAbility libvirt_ability_ask(virConnectPtr connection, gboolean hears);

/* What it says of a hypervisor of that name (virConnectGetType()), that version (as 6005000
 * for 6.5; 0 = unknown) and, if they are not NULL, those capabilities of domains
 * (https://libvirt.org/formatdomaincaps.html). Asks nobody. */
LibvirtAbility libvirt_ability_of(const char *type, unsigned long version,
				  const char *domain_capabilities);

/* A desktop of this image could be made here and looked at. FAULT_CLIENT: says in words what this
 * hypervisor has not. */
gboolean libvirt_ability_suffices(const LibvirtAbility *ability, const ProviderImage *image,
				  GError **error);
