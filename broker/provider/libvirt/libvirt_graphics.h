/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_graphics: the <graphics> elements of a domain's XML: which displays there are, where one
 * listens, and the update that gives it another password. Pure text.
 */
#pragma once

#include "provider.h"

typedef struct {
	unsigned index;   /* for virDomainOpenGraphicsFD()                       */
	guint16 port;     /* 0 = none                                            */
	guint16 tls_port; /* SPICE                                               */
	char *host;       /* address that it listens on, NULL = none was said    */
	char *xml;        /* the element without its password and without its end */
	char *password;   /* where the XML has it (VIR_DOMAIN_XML_SECURE); a secret */
	gint64 until;     /* ... and until when it is good (s since 1970), 0 = none */
} LibvirtGraphics;

/* The first display of that type ("vnc", "spice"). FAULT_DESKTOP if there is none or the XML is
 * not well-formed. */
gboolean libvirt_graphics_find(const char *domain_xml, const char *type, LibvirtGraphics *out,
			       GError **error);
void libvirt_graphics_clear(LibvirtGraphics *graphics);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LibvirtGraphics, libvirt_graphics_clear)

/* PROVIDER_VNC and PROVIDER_SPICE, as far as the XML has them. */
unsigned libvirt_graphics_displays(const char *domain_xml);

/* The argument of virDomainUpdateDeviceFlags() that sets this password until then (seconds since
 * 1970). Holds a secret: secret_free() it. */
char *libvirt_graphics_update(const LibvirtGraphics *graphics, const char *password, gint64 until);
