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
} LibvirtDomain;

/* The built-in definition, for QEMU and for libvirt's test driver: the same machine as
 * qemu_argv.h. g_free() it. */
char *libvirt_xml_build(const ProviderDesktop *desktop, const LibvirtDomain *domain);

/*
 * A definition from an admin's template, with these words replaced: @NAME@ (of the domain; must
 * be used), @UUID@ (must be used), @HOST@ (host name for the guest), @TYPE@, @MEMORY@ (MiB),
 * @CPUS@, @VIDEO@, @OVERLAY@ (must be used if the image has a disk), @KERNEL@, @INITRD@,
 * @CMDLINE@, @PASSWORD@, @MAC@. What does not exist becomes nothing. FAULT_CONFIG if a word that
 * must be used is missing or one is unknown. g_free() it.
 */
char *libvirt_xml_fill(const char *pattern, const ProviderDesktop *desktop,
		       const LibvirtDomain *domain, GError **error);
