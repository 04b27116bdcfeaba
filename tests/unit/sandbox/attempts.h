/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attempts: what somebody would try who owns one of our processes, and for each process what comes
 * of it. Some of it a process needs for its work, and may.
 */
#pragma once

#include <glib.h>
#include <signal.h>

typedef enum {
	WORKER,
	DIALER,
	SIGNER,
	PARENT,
	BROKER,
	QEMU,
	AUTH,
	LOBBY,
	BRIDGE,
	TUNNEL,
	PROCESSES
} Process;

#define MAY    0
#define KILLED 1000 /* + the signal */
#define KILL   (KILLED + SIGSYS)

typedef struct {
	const char *name;
	int (*run)(void);      /* 0 or errno */
	int expect[PROCESSES]; /* MAY, errno or KILL */
} Attempt;

extern const Attempt attempts[];
extern const gsize attempts_n;
