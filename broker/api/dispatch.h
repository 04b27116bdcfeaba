/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dispatch: from a whole request to its answer, in two halves: what never blocks (the portal's
 * files, unknown paths) on the loop's thread, the rest on a worker's.
 */
#pragma once

#include "route.h"

/* True: request->route is set and dispatch_run() must follow on a worker thread. False: the reply
 * is ready. */
gboolean dispatch(Request *request);

/* Guard, handler, and the one log line. May block. */
void dispatch_run(Request *request);

/* No worker is free for it: 503. */
void dispatch_busy(Request *request);
