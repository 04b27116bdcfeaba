/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_weight: how much of its host's processors and disks a running domain gets when others
 * want them, too: CPU shares and I/O weight (https://libvirt.org/formatdomain.html#cpu-tuning).
 * They are cgroups', of either version: what a domain has from its start is taken for 100 percent.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/* To be called once after a start. *out_cpu, *out_disk: TRUE if it counts from now on; where the
 * host has no such cgroup it does not, and libvirt's reason is lost. */
void libvirt_weight_set(virDomainPtr domain, unsigned percent, gboolean *out_cpu,
			gboolean *out_disk);
