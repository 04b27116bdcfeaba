/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_argv: the command line of a desktop's QEMU. Pure text: looks at no file, starts nothing.
 * All paths below the desktop's own directory are relative to it, for QEMU is started there.
 */
#pragma once

#include <glib.h>

#include "provider.h"

#define QEMU_PROGRAM "qemu-system-x86_64"

#define QEMU_VNC     "vnc.sock"
#define QEMU_SPICE   "spice.sock"
#define QEMU_MONITOR "qmp.sock"
#define QEMU_AGENT   "agent.sock"
#define QEMU_OVERLAY "overlay.qcow2"

/* The value of -name: says in a process list, and to qemu_process_find(), whose process it is. */
char *qemu_argv_name(const char *desktop_id);

/*
 * accel: "kvm" or "tcg". identity: a UUID. monitor_fd: a listening socket that QEMU inherits.
 * The guest learns its host name from "host=" on the kernel's command line, if it boots directly.
 */
GStrv qemu_argv(const ProviderDesktop *desktop, const char *accel, const char *identity,
		int monitor_fd);

/*
 * Boots only this kernel, which finds no disk and says so on standard output; for the question
 * whether the accelerator runs a real guest. Same machine and processor as qemu_argv().
 */
GStrv qemu_argv_probe(const char *accel, const char *kernel);

/* A host name (RFC 1123) made from what people call the desktop; the id if nothing is left. */
char *qemu_argv_host(const ProviderDesktop *desktop);
