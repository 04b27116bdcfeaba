/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_domain: a desktop's domain "oriel-ID" at one connection: how it is defined, found, ended
 * and forgotten. What it is defined by is libvirt_xml.h, or the image's own template.
 */
#pragma once

#include <libvirt/libvirt.h>

#include "libvirt/libvirt_link.h"
#include "libvirt/libvirt_xml.h"

/* It gets a display's password of its own, which is never valid. type NULL: this hypervisor has no
 * built-in definition. FAULT_CONFIG: the image's template will not do, or there is none. */
gboolean libvirt_domain_define(virConnectPtr connection, const ProviderDesktop *desktop,
			       const LibvirtDomain *domain, GError **error);

/* virDomainFree() it. FAULT_NOT_FOUND: there is none. */
virDomainPtr libvirt_domain_find(virConnectPtr connection, const ProviderDesktop *desktop,
				 GError **error);
/* The same where it may be that there is none: then *out_domain is NULL. */
gboolean libvirt_domain_look_up(virConnectPtr connection, const ProviderDesktop *desktop,
				virDomainPtr *out_domain, GError **error);
/* The ids of all desktops that have a domain there, but for those that are among `ids` already. */
gboolean libvirt_domain_add_ids(virConnectPtr connection, GPtrArray *ids, GError **error);

/* Asks its guest to end, and waits: FALSE, it runs on. By force. Both TRUE also if it does not run.
 */
gboolean libvirt_domain_shut_down(virDomainPtr domain);
gboolean libvirt_domain_end(virDomainPtr domain, GError **error);
/* Of one that has ended: libvirt knows nothing of it any more. */
gboolean libvirt_domain_undefine(virDomainPtr domain, GError **error);

/* By us or an admin; one that stands still because its disk failed does not count. */
gboolean libvirt_domain_suspended(virDomainPtr domain);

/* Its displays: PROVIDER_VNC and so on; of one that has not been made those of what it is to be
 * made from. */
unsigned libvirt_domain_displays(virDomainPtr domain);
unsigned libvirt_domain_displays_of_image(const ProviderImage *image);
