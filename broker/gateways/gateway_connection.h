/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gateway_connection: one gateway that is linked: its reader, what it asked for and what it is
 * told. Private to the files gateway_*.c that are the link.
 *
 * It has several owners, the link's set, its requests and the thread that sends: it is counted.
 */
#pragma once

#include "gateways/gateway_process.h"
#include "gateways/gateway_request.h"
#include "lane.h"
#include "quota.h"
#include "sessions/follows.h"

struct GatewayLink {
	Core *core;
	int fd; /* listening, -1 = not */
	GThread *acceptor;
	Lane *lanes[LANES];
	Follows *follows;
	Quota *opening; /* how many logins one person has while desktops start */
	GMutex lock;    /* of all below */
	GCond empty;
	GHashTable *connections; /* a set; each with a reference */
	GHashTable *processes;   /* by their ids: see gateway_process.h */
	unsigned most, each;     /* of those; of one process. Who comes then is closed */
	unsigned patience;       /* s that one may read nothing of what waits for it */
	gint64 kept;             /* us that a place is taken, at least */
	GCond stops;
	gboolean stopping;
	GHashTable *counted; /* machine -> guint64[COUNTS_N], the owner: what all its gateways
				counted */
};

struct GatewayConnection {
	GatewayLink *link;
	int refs; /* atomic */
	int fd;   /* shut down when it drops, closed with the last reference */
	GatewayProcess *process;
	LaneRow rows[LANES];
	GMutex send;       /* of what is told, see gateway_outbox.c */
	GQueue outbox;     /* its parcels: what the kernel has not taken yet */
	gsize waiting;     /* bytes of those */
	gboolean draining; /* a thread sends them on */
	gboolean deaf;     /* nothing more is told */
	GMutex lock;       /* of all below */
	gboolean gone;
	char *name;
	guint64 now[COUNTS_NOW_END - COUNTS_NOW]; /* what it said last is true there */
};

/* Adds it to the link's set and begins to read. fd: the connection takes it. */
void gateway_connection_start(GatewayLink *link, int fd, pid_t process);
GatewayConnection *gateway_connection_ref(GatewayConnection *connection);
void gateway_connection_unref(gpointer connection);
/* For the link's lanes: runs a request; and is done with it, run or not. */
void gateway_connection_run(gpointer request);
void gateway_connection_drop(gpointer request);
