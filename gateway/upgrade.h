/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upgrade: the supervisor becomes the program that is on disk now, by exec: the process stays the
 * same for whoever watches it, the listening sockets stay open and the workers stay its children.
 * The new program reads the configuration, starts workers of its own and retires the old ones, which
 * go on until their last session ends. No session and no connection is lost. With the same program
 * this is how a new configuration is taken: so there is no key that needs more than that.
 *
 * Before that, the new program tries itself in a child (--check), so that one which cannot run, or
 * does not like the configuration, never replaces one that works.
 */
#pragma once

#include <glib.h>

/* Starts the trial: `argv --check`; the child's exit code is its verdict. -1 if there is none. */
pid_t upgrade_try(char **argv);

/* Execs, with sockets (of Socket) and workers (of pid_t) handed over. Returns only if that failed,
 * with errno, and nothing is changed then. */
void upgrade_become(char **argv, const GArray *sockets, const GArray *workers);

/* In the new program: what was handed over; NULL both times if this is no upgrade. sockets: of int,
 * as sockets_open() takes it; workers: of pid_t. */
GArray *upgrade_sockets(void);
GArray *upgrade_workers(void);
