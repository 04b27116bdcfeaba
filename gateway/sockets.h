/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockets: where the gateway listens. The supervisor binds once, a socket for each worker at each
 * address (SO_REUSEPORT spreads connections over them), or takes those that systemd or the program
 * before an upgrade have bound; workers inherit theirs.
 *
 * The end of a worker therefore closes no socket, and nobody is lost who waits in its queue: Linux
 * resets those when a listener closes, unless net.ipv4.tcp_migrate_req is on.
 */
#pragma once

#include "options.h"

typedef struct {
	int fd;
	gboolean vnc_only;
	gboolean fresh;     /* bound here, not passed */
	unsigned row, rows; /* which of how many sockets of the same address */
} Socket;

/* Every address in listen and listen_vnc gets its sockets: those of `passed` (descriptors, taken)
 * that are bound there, else new ones, one per worker. An array of Socket for sockets_close(); NULL
 * with FAULT_CONFIG. What was passed and is bound elsewhere stays in `passed`. */
GArray *sockets_open(const Options *options, unsigned workers, GArray *passed, GError **error);

/* How the kernel paces what is sent to those who connect from now on: a name of tcp(7)'s
 * TCP_CONGESTION, "" for the one that new sockets have. One that is not to be had is said in the
 * log, once, and is as "". */
void sockets_pace(const GArray *sockets, const char *congestion);

/* Closes what nobody took, with a line in the log, and frees. */
void sockets_close_passed(GArray *passed);

/* What systemd passes (sd_listen_fds(3)): an array of int. */
GArray *sockets_from_systemd(void);

/* In a worker: closes those of the other workers. Where there are fewer sockets than workers, some
 * share one; where there are more, a worker has several. */
void sockets_keep(GArray *sockets, unsigned worker, unsigned workers);

/* Whether they stay open across an exec. */
void sockets_inherit(const GArray *sockets, gboolean inherit);

/* Closes and frees. Accepts NULL. */
void sockets_close(GArray *sockets);
