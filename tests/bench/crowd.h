/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd: many clients of the load program that ask for little, in one thread: a thread for each
 * would cost more than what stands between them and the desktop, and be what is measured. The
 * desktop may stand in the same loop (serve.h): then neither takes the processor from the other.
 *
 * Closed: each asks again as soon as it has its answer. At a pace: as people press keys, whether
 * the last answer has come or not; moments and clients are drawn by lot, the same in each run, and
 * the wait counts from the moment at which the question was due, not from when it left.
 */
#pragma once

#include "greet.h"
#include "ready.h"

typedef struct {
	Greet how;
	guint16 width, height;
	unsigned pace; /* questions a second of each client; 0 = closed */
	unsigned seconds;
	int epoll; /* what is in it has a Ready; the crowd adds itself */
} Crowd;

typedef struct {
	guint64 bytes;
	GArray *waits;    /* of each round trip: ns, guint32 */
	GArray *lateness; /* of each question, how long after its moment it left: ns, guint32 */
} CrowdResult;

/* All conns are greeted. The result has all that was asked, and answered. */
void crowd_run(const Crowd *crowd, Conn *const *conns, unsigned n, CrowdResult *out);
void crowd_result_clear(CrowdResult *result);
