/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gateway_process: a process that has connected: a worker's dialer, or a tunnel. What it may have
 * is counted by process: a worker that was taken over can connect again and again, but only through
 * its dialer. All of it under the link's lock.
 */
#pragma once

#include <sys/types.h>

#include "gateways/gateway_request.h"
#include "lane.h"

typedef struct {
	pid_t id;
	unsigned connections;
	unsigned requests; /* that wait or run, those of connections that have gone among them */
	LaneGroup groups[LANES];
} GatewayProcess;

/* The link's table of them, by their ids. */
GHashTable *gateway_processes_new(void);
/* NULL: it has no connection and no request. */
GatewayProcess *gateway_process_find(GHashTable *processes, pid_t id);
/* With one connection more. */
GatewayProcess *gateway_process_join(GHashTable *processes, pid_t id);
/* After either count was lowered: the process may be gone on return. */
void gateway_process_left(GHashTable *processes, GatewayProcess *process);
