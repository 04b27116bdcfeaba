/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world: what an intruder finds on a machine that runs Oriel, in small: a database, disks, sockets,
 * other processes. Nearly all of it belongs to one user, so that it is the sandbox, not the owner,
 * that keeps a process from it. Needs root to be whole; without, all belongs to who runs the test.
 */
#pragma once

#include "options.h"
#include "provider.h"

#define WORLD_OWNER    58990 /* of everything here */
#define WORLD_STRANGER 58991 /* of nothing */

typedef struct {
	char *dir;
	char *database, *other_key;
	char *place, *disk; /* of the desktop whose QEMU it is */
	char *other_disk;   /* of another one */
	char *image;
	char *elsewhere;  /* a directory */
	char *hypervisor; /* a socket of the owner alone */
	int tcp_port;     /* somebody listens */
	pid_t bystander;  /* a process of the owner's */
	int listeners[4];
	Options options; /* certificate, key, state and sockets */
	ProviderImage desktop;
} World;

extern World world;

void world_make(void);
void world_end(void);
