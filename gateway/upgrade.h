/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upgrade: the supervisor becomes the program that is on disk now, by exec: the process stays the
 * same for whoever watches it, the listening sockets stay open and the workers stay its children.
 * The new program reads the configuration, starts workers of its own and retires the old ones,
 * which go on until their last session ends. No session and no connection is lost. With the same
 * program this is how a new configuration is taken: so there is no key that needs more than that.
 *
 * Before that, the new program tries itself in a child (--check), so that one which cannot run, or
 * does not like the configuration, never replaces one that works. The trial also binds the
 * addresses that are new, and sends them here: what can fail has been done when the old program
 * makes room.
 */
#pragma once

#include <glib.h>

/* A worker that goes on below the next program. */
typedef struct {
	pid_t pid;
	int generation; /* how many reloads came before it was started */
} UpgradeWorker;

/* Starts the trial: `argv --check`, with a look at our sockets (of Socket); the child's exit code
 * is its verdict. *out_channel: for upgrade_bound(). -1 with errno if there is none. */
pid_t upgrade_try(char **argv, const GArray *sockets, int *out_channel);

/* What a trial that has ended bound: of Socket, for sockets_close(). Takes the channel. */
GArray *upgrade_bound(int channel);

/* In the trial: sends those of sockets (of Socket) that are fresh. FALSE with errno. */
gboolean upgrade_offer(const GArray *sockets);

/* Execs, with two arrays of Socket and one of UpgradeWorker handed over. Returns only if that
 * failed, with errno, and nothing is changed then. */
void upgrade_become(char **argv, const GArray *sockets, const GArray *bound, const GArray *workers);

/* In the new program and its trial: what was handed over; NULL if this is no upgrade. sockets: of
 * int, as sockets_open() takes it; workers: of UpgradeWorker, none in a trial. */
GArray *upgrade_sockets(void);
GArray *upgrade_workers(void);
