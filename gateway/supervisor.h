/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor: the process that keeps the workers, one per core, each on its own: a worker that dies
 * takes only its own sessions and is started again. It never sees a byte of a client.
 */
#pragma once

#include "options.h"

/* Until every worker has ended, after SIGTERM or SIGINT; the exit code. */
int supervisor_run(const Options *options);
