/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sandbox_broker: what the broker, and all that it starts, may still do. It runs other people's
 * programs (QEMU, qemu-img, ssh for libvirt) on images that lie wherever an admin put them, so it
 * keeps reading and running what its user may; but it writes only where its systemd unit lets it,
 * gains no rights, and cannot make the system calls that change the system or look into other
 * processes. Each QEMU gets narrower rules of its own (qemu_rules.h).
 */
#pragma once

#include "options.h"

/* For good, for this thread and all that it starts: call it before there is another. out_lacks
 * says what this build or kernel leaves open, for the log, or is NULL. FAULT_CONFIG, FAULT_BUG. */
gboolean sandbox_broker(const Options *options, const char **out_lacks, GError **error);
