/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_display: a running domain's display as one reaches it over a network, with a password
 * that expires. Errors: FAULT_DESKTOP.
 */
#pragma once

#include <libvirt/libvirt.h>

#include "libvirt/libvirt_graphics.h"
#include "provider.h"

/* The display as the running domain has it, with its password; libvirt_graphics_clear(). */
gboolean libvirt_display_find(virDomainPtr domain, const char *protocol, LibvirtGraphics *out,
			      GError **error);

/* Sets its password, good for so many seconds from now. */
gboolean libvirt_display_set_password(virDomainPtr domain, const LibvirtGraphics *graphics,
				      const char *password, unsigned seconds, GError **error);

/* A port for the VNC display of a domain that is to be defined, where the hypervisor gives none
 * that libvirt could read back: none of those that are defined there has it; and nobody listens at
 * it, if the hypervisor is here, on this machine. */
gboolean libvirt_display_free_port(virConnectPtr connection, gboolean here, guint16 *out_port,
				   GError **error);

/* A connection to it, where libvirt and the domain are on this machine; -1 = there is none to be
 * had. far: as in provider.h; the domain may not be allowed to have what it takes. */
int libvirt_display_open(virDomainPtr domain, const LibvirtGraphics *graphics, const char *protocol,
			 gboolean far);

/*
 * Its address, once it accepts (within so many seconds), and a password that is good from now on.
 * server: the domain's host, NULL = this machine. passwords: held while a password is read and set,
 * the same for all displays of a provider; NULL = where none can be set while a domain runs: then
 * it is what its definition says, if anything.
 */
gboolean libvirt_display_address(virDomainPtr domain, const LibvirtGraphics *graphics,
				 const char *server, GMutex *passwords, const char *protocol,
				 unsigned seconds, Endpoint *out_endpoint, GError **error);
