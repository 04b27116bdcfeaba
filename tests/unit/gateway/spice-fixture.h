/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice-fixture: a SPICE viewer and a desktop at the far ends of two socket pairs, the gateway's
 * front, dial and relay between them. What session.c would do (connecting, the broker, timers) is
 * played here.
 */
#pragma once

#include "bottleneck.h"
#include "front/front_spice.h"
#include "spice/spice_frame.h"
#include "spice/spice_link_client.h"
#include "spice/spice_link_server.h"
#include "worker.h"

#define CLIENT_ID  0x0a0b0c0d
#define BACKEND_ID 0x01020304

typedef struct {
	int fd;
	Buffer in, out;
} End;

typedef struct {
	Session s;
	Options options;
	End viewer, desktop;
	SpiceLinkClient *link;   /* the viewer's */
	gboolean linked;         /* the viewer has its result */
	SpiceLinkServer *server; /* the desktop's */
	gboolean accepted;       /* the desktop let us in */
	unsigned connects, wakes, kept_ms;
	guint64 now;
	ControlType asked;
	guint32 told_backend_id;
	gboolean asking;
	Bottleneck line; /* to the viewer: writes are those that it has not heard */
} SpiceFixture;
extern SpiceFixture t;

/* A peer over one end of a socket pair; the other is the test's. */
void open_pair(Peer *near, End *far);
void begin(void);
/* The same, and the viewer begins to link a channel of that type. */
void view(guint8 type, guint32 connection_id, const char *ticket);
void end(void);
void hang_up(End *far);

void say(End *far, const void *bytes, gsize n);
/* These bytes have come and, at the viewer's end, in one write; n 0: nothing has come. */
void hear(End *far, const void *expected, gsize n);
/* Sends and takes what there is. TRUE if bytes moved. */
gboolean exchange(End *far);

/* Both far ends do what they can: link, and let in. TRUE if bytes moved. */
gboolean far_ends(void);
/* Runs that step, and the far ends, until it is done or nothing moves any more. */
Step drive(Step (*run)(Session *, GError **), GError **error);
