/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_weight: how much of its host's processors and disks a running domain gets when others
 * want them, too: CPU shares and I/O weight (https://libvirt.org/formatdomain.html#cpu-tuning).
 * They are cgroups', of either version: what a domain has from its start is taken for 100 percent.
 */
#pragma once

#include <libvirt/libvirt.h>

#include "provider.h"

/* To be called once after a start. A host that has no such cgroup is no reason not to start: the
 * log has it. */
void libvirt_weight_set(virDomainPtr domain, const ProviderDesktop *desktop);
