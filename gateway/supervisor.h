/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor: the process that keeps the listening sockets and the workers, one per core, each on
 * its own: a worker that dies takes only its own sessions and is started again. It also watches for
 * new certificates, and makes room for its successor on a reload. It never sees a byte of a client.
 *
 *   SIGHUP            the program on disk takes our place, and reads the configuration (upgrade.h)
 *   SIGTERM, SIGINT   workers drain and end; a second one ends them now
 */
#pragma once

#include "options.h"

/* Until every worker has ended; the exit code. argv: how we were started. */
int supervisor_run(const Options *options, char **argv);

/* FALSE with FAULT_CONFIG for what only shows when options are used: a certificate that cannot be
 * read, an address that is none. In the trial of an upgrade (upgrade.h) it also binds what is new
 * and hands it over. */
gboolean supervisor_try(const Options *options, GError **error);
