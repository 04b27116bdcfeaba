/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gateway_answer: see gateway_answer.h. */
#include "gateways/gateway_answer.h"

#include "autofd.h"
#include "desktops/desktop.h"
#include "fault.h"
#include "log.h"

void gateway_answer_ok(GatewayConnection *connection, const ControlMessage *request)
{
	ControlMessage answer = {.type = CONTROL_OK, .id = request->id};

	gateway_connection_send(connection, &answer, -1);
}

void gateway_answer_refuse(GatewayConnection *connection, const ControlMessage *request,
			   const GError *error)
{
	const FaultInfo *info = fault_info(fault_code(error));
	LogContext context = {.session = request->lease,
			      .user = request->user,
			      .peer = request->peer,
			      .step = control_type_name(request->type)};
	ControlMessage answer = {.type = CONTROL_REFUSE,
				 .id = request->id,
				 .fault = (char *)info->name,
				 .reason = error->message,
				 .wait = fault_wait(error)};

	gateway_connection_send(connection, &answer, -1);
	log_write(info->log_level, &context, "refused fault=%s: %s", info->name, error->message);
}

/* Everything in it is borrowed. */
static void send_lease(GatewayConnection *connection, const ControlMessage *request,
		       const Grant *grant, const Endpoint *endpoint, int fd)
{
	ControlMessage answer = {
		.type = CONTROL_LEASE,
		.id = request->id,
		.lease = grant->lease,
		.user = grant->user,
		.desktop = grant->desktop_name,
		.client_id = grant->client_id,
		.backend_id = grant->backend_id,
		.bond = request->type == CONTROL_DIAL ? NULL : grant->bond, /* it has it */
		.endpoint = *endpoint,
	};

	gateway_connection_send(connection, &answer, fd);
}

void gateway_answer_lease(GatewayConnection *connection, const ControlMessage *request,
			  const Grant *grant)
{
	send_lease(connection, request, grant, &(Endpoint){0}, -1);
}

void gateway_answer_connected(GatewayConnection *connection, const ControlMessage *request,
			      const Grant *grant, const char *protocol, int fd)
{
	const Endpoint endpoint = {.protocol = (char *)protocol, .has_fd = TRUE};

	send_lease(connection, request, grant, &endpoint, fd);
}

gboolean gateway_answer_way(GatewayConnection *connection, const ControlMessage *request,
			    const Grant *grant, GError **error)
{
	g_auto(Endpoint) endpoint = {0};
	autofd int fd = -1;

	if (!desktop_dial(gateway_connection_core(connection), grant->lease, grant->desktop,
			  grant->via, grant->password, &endpoint, &fd, error))
		return FALSE;
	send_lease(connection, request, grant, &endpoint, fd);
	return TRUE;
}
