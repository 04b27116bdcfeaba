/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gateway_link: the control socket, where gateways come with their questions. One reading thread
 * for each connection (a gateway has one for each core), and lanes (lane.h) for what takes time: a
 * login asks PAM, a desktop starts.
 *
 * It knows frames, descriptors and connections; what a message means is gateway_request.c's.
 */
#pragma once

#include "control/control.h"
#include "core_parts.h"
#include "fault.h"

typedef struct GatewayConnection GatewayConnection;

GatewayLink *gateway_link_new(Core *core);
/* Binds options->control (0660, a stale one is replaced) and serves. FAULT_CONFIG. */
gboolean gateway_link_listen(GatewayLink *link, GError **error);
/* Hangs up and waits for the requests in hand. Sessions are left as they are: the gateways carry
 * them on, and the next broker asks. Accepts NULL. */
void gateway_link_stop(GatewayLink *link);
void gateway_link_free(GatewayLink *link);

/* How many gateways have said hello and are there. */
unsigned gateway_link_count(GatewayLink *link);
/* Tells every gateway to close this lease's connections. */
void gateway_link_end(GatewayLink *link, const char *lease, Fault code, const char *reason);
/* Tells every gateway a CONTROL_FOLLOW, and those that come soon. FALSE: nobody, see follows.h. */
gboolean gateway_link_follow(GatewayLink *link, const ControlMessage *follow);
/* Tells every gateway. */
void gateway_link_tell(GatewayLink *link, const ControlMessage *message);
/* Sends to the gateway that is this connection (only compared); fd -1 = none, stays the caller's.
 * FALSE: it has gone. */
gboolean gateway_link_send(GatewayLink *link, gconstpointer connection,
			   const ControlMessage *message, int fd);

/* Appends what gateways have told, by machine, for /metrics. */
void gateway_link_write_metrics(GatewayLink *link, GString *text);

/* ---- for gateway_request.c */

/* Takes a report of what this gateway counted. */
void gateway_link_take_counts(GatewayConnection *connection, const guint64 *counts);

Core *gateway_connection_core(const GatewayConnection *connection);
/* What it said in its hello; NULL before. Set once, by the hello. */
const char *gateway_connection_name(const GatewayConnection *connection);
void gateway_connection_welcome(GatewayConnection *connection, const char *name);
/* After its hello: what it was not here for. */
void gateway_connection_catch_up(GatewayConnection *connection);
/* True once it has dropped: what was opened for it must end. */
gboolean gateway_connection_gone(GatewayConnection *connection);
/* Sends; fd -1 = none, stays the caller's. A peer that does not read loses its connection. */
void gateway_connection_send(GatewayConnection *connection, const ControlMessage *message, int fd);
