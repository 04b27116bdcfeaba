/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_migration: one running domain to another libvirtd, memory and devices, while it runs.
 * Both see the same disks: the admin has said so, and QEMU's locks on them are the proof. libvirt's
 * client, here, talks to both; the memory goes from host to host.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/* host: where the other's QEMU is reached by this one's. Afterwards the domain is defined there and
 * not here. One that writes memory faster than the line carries is slowed down; after ten minutes
 * the migration is given up and the domain goes on here. FAULT_DESKTOP, FAULT_TIMEOUT. */
gboolean libvirt_migration_run(virDomainPtr domain, virConnectPtr there, const char *host,
			       GError **error);
