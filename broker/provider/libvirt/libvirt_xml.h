/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_xml: domain definitions, as text (https://libvirt.org/formatdomain.html). Every value is
 * escaped. Asks nobody.
 */
#pragma once

#include "provider.h"

/* The channel for the clipboard of VNC viewers. While it is there QEMU lets no domain migrate. */
#define LIBVIRT_CLIPBOARD                                                            \
	"<channel type='qemu-vdagent'><source><clipboard copypaste='yes'/></source>" \
	"<target type='virtio' name='org.oriel.vnc.0'/></channel>"

typedef struct {
	const char *type;     /* of the domain: "kvm", "qemu", "test"                      */
	const char *uuid;     /* the identity                                              */
	const char *overlay;  /* path of the qcow2 overlay, or NULL                        */
	gboolean sockets;     /* displays on Unix sockets; else on the host's own address  */
	unsigned displays;    /* PROVIDER_VNC and so on: those that the host's QEMU has    */
	const char *password; /* of the displays until a ticket sets one; never valid     */
	guint16 port;         /* of its VNC display, for a template; 0 = it has none      */
	GMutex *ports;        /* held while such a port is chosen and taken               */
	gboolean own_disks;   /* its template's disks are its own: see libvirt_disks.h    */
} LibvirtDomain;

#define LIBVIRT_PORT "@PORT@"

/* The built-in definition, for QEMU and for libvirt's test driver: the same machine as
 * qemu_argv.h. g_free() it. */
char *libvirt_xml_build(const ProviderDesktop *desktop, const LibvirtDomain *domain);

/*
 * A definition from an admin's template, with these words replaced: @NAME@ (of the domain; must
 * be used), @UUID@ (must be used), @HOST@ (host name for the guest), @TYPE@, @MEMORY@ (MiB),
 * @CPUS@, @VIDEO@, @OVERLAY@ (must be used if the image has a disk), @KERNEL@, @INITRD@,
 * @CMDLINE@, @PASSWORD@, @PORT@, @MAC@. What does not exist becomes nothing. FAULT_CONFIG if a word
 * that must be used is missing or one is unknown. g_free() it.
 */
char *libvirt_xml_fill(const char *pattern, const ProviderDesktop *desktop,
		       const LibvirtDomain *domain, GError **error);
