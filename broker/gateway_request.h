/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gateway_request: what each message of a gateway means. */
#pragma once

#include "gateway_link.h"

/* True for messages that may take long and belong on the thread pool; the others are handled by
 * the reader, in their order. */
gboolean gateway_request_slow(const ControlMessage *message);

/* Handles it and answers. FALSE: the gateway spoke out of turn, hang up. */
gboolean gateway_request_run(GatewayConnection *connection, const ControlMessage *message,
	GError **error);
