/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gateway_answer: what a gateway's request is answered with. The request says which answer it is.
 */
#pragma once

#include "gateways/gateway_link.h"
#include "sessions/session.h"

void gateway_answer_ok(GatewayConnection *connection, const ControlMessage *request);

/* Logged here: one line for each refusal. */
void gateway_answer_refuse(GatewayConnection *connection, const ControlMessage *request,
			   const GError *error);

/* A lease that needs no way to its desktop; with a connected descriptor (the caller's) to what
 * speaks `protocol`; with the way that its desktop has now. FALSE: there is none, and no answer. */
void gateway_answer_lease(GatewayConnection *connection, const ControlMessage *request,
			  const Grant *grant);
void gateway_answer_connected(GatewayConnection *connection, const ControlMessage *request,
			      const Grant *grant, const char *protocol, int fd);
gboolean gateway_answer_way(GatewayConnection *connection, const ControlMessage *request,
			    const Grant *grant, GError **error);
