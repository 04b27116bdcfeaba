/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gateway_request: what each message of a gateway means. */
#pragma once

#include "gateways/gateway_link.h"

/* Which of the link's lanes it waits in. Logins have one of their own: a stranger can ask for as
 * many as he likes, each takes as long as PAM likes, and who has a ticket shall not wait for them.
 */
typedef enum {
	LANE_SLOW, /* it may take long */
	LANE_LOGIN,
	LANES,
	LANE_NONE = LANES, /* the reader handles it at once, in order */
} LaneKind;
LaneKind gateway_request_lane(const ControlMessage *message);

/* Handles it and answers. FALSE: the gateway spoke out of turn, hang up. */
gboolean gateway_request_run(GatewayConnection *connection, const ControlMessage *message,
			     GError **error);
