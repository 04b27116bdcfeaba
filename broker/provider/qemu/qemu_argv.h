/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_argv: the command line of a desktop's QEMU. Pure text: looks at no file, starts nothing.
 * All paths below the desktop's own directory are relative to it, for QEMU is started there; it
 * writes to QEMU_INSIDE in it, and to nothing else (qemu_rules.h).
 */
#pragma once

#include <glib.h>

#include "provider.h"

#define QEMU_PROGRAM "qemu-system-x86_64"

#define QEMU_INSIDE  "qemu"
#define QEMU_VNC     QEMU_INSIDE "/vnc.sock"
#define QEMU_SPICE   QEMU_INSIDE "/spice.sock"
#define QEMU_MONITOR QEMU_INSIDE "/qmp.sock"
#define QEMU_AGENT   QEMU_INSIDE "/agent.sock"
#define QEMU_GUEST   QEMU_INSIDE "/identity.sock"
#define QEMU_SCREEN  QEMU_INSIDE "/screen.ppm"
#define QEMU_OVERLAY QEMU_INSIDE "/overlay.qcow2"
#define QEMU_MEMORY  QEMU_INSIDE "/memory"
#define QEMU_DISK    "disk" /* its name in QEMU */
#define QEMU_NIC_BUS "nic-port"

/* Where the guest's memory is. */
typedef enum {
	QEMU_MEMORY_OWN,      /* its own, and it boots                                            */
	QEMU_MEMORY_TEMPLATE, /* the file QEMU_MEMORY: it boots, and others are made of it        */
	QEMU_MEMORY_CLONE,    /* a copy, as it writes, of an inherited file: it waits for a state */
} QemuMemory;

/* What QEMU inherits, under these numbers. */
typedef struct {
	int monitor; /* a listening socket                                            */
	int memory;  /* QEMU_MEMORY_CLONE: the file                                   */
	int nic;     /* QEMU_MEMORY_OWN, of an image with a network: its frames, nic.h */
} QemuNumbers;

/*
 * accel: "kvm" or "tcg". identity: a UUID. A copied guest, and the one that it is a copy of, have a
 * place for a network card and none in it: what is plugged in later (qemu_nic.h) has an address
 * that no other guest's memory knows, and asks for a lease of its own. The guest learns its host
 * name from "host=" on the kernel's command line, if it boots directly.
 */
GStrv qemu_argv(const ProviderDesktop *desktop, const char *accel, const char *identity,
		QemuMemory memory, const QemuNumbers *numbers);

/*
 * Boots only this kernel, which finds no disk and says so on standard output; for the question
 * whether the accelerator runs a real guest. Same machine and processor as qemu_argv().
 */
GStrv qemu_argv_probe(const char *accel, const char *kernel);

/* A host name (RFC 1123) made from what people call the desktop; the id if nothing is left. */
char *qemu_argv_host(const ProviderDesktop *desktop);
