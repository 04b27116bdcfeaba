/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sandbox_broker: what the broker, and all that it starts, can no longer do: gain rights, use a
 * capability, or make the system calls that change the system or look into other processes. It
 * runs other people's programs (QEMU, qemu-img, ssh for libvirt) and images lie wherever an admin
 * put them, so it does not limit files: file permissions and the systemd unit do.
 */
#pragma once

#include <glib.h>

/* For good, for this thread and all that it starts: call it before there is another. out_lacks says
 * what this build leaves open, for the log, or is NULL. FAULT_BUG. */
gboolean sandbox_broker(const char **out_lacks, GError **error);
