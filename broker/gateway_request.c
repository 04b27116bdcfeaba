/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gateway_request: see gateway_request.h. One log line for each refusal; the session's own life is
 * logged in session.c. */
#include "gateway_request.h"

#include <string.h>
#include <unistd.h>

#include "activity.h"
#include "audit.h"
#include "auth/conversation.h"
#include "desktop.h"
#include "entitlement.h"
#include "log.h"
#include "session.h"
#include "ticket.h"

static Asker asker_of(const GatewayConnection *connection)
{
	return (Asker){connection, gateway_connection_name(connection)};
}

/* ---- answers */

void gateway_request_refuse(GatewayConnection *connection, const ControlMessage *request,
	const GError *error)
{
	const FaultInfo *info = fault_info(fault_code(error));
	LogContext context = {.session = request->lease, .user = request->user,
		.peer = request->peer, .step = control_type_name(request->type)};
	ControlMessage answer = {.type = CONTROL_REFUSE, .id = request->id,
		.fault = (char *)info->name, .reason = error->message};

	log_write(info->log_level, &context, "refused fault=%s: %s", info->name, error->message);
	gateway_connection_send(connection, &answer, -1);
}

static void say_ok(GatewayConnection *connection, const ControlMessage *request)
{
	ControlMessage answer = {.type = CONTROL_OK, .id = request->id};

	gateway_connection_send(connection, &answer, -1);
}

static ControlMessage lease_message(const ControlMessage *request, const Grant *grant)
{
	return (ControlMessage){
		.type = CONTROL_LEASE,
		.id = request->id,
		.lease = grant->lease,
		.user = grant->user,
		.desktop = grant->desktop_name,
		.client_id = grant->client_id,
		.backend_id = grant->backend_id,
	};
}

/* The lease with a way to its desktop. */
static gboolean send_way(GatewayConnection *connection, const ControlMessage *request,
	const Grant *grant, GError **error)
{
	g_auto(Endpoint) endpoint = {0};
	ControlMessage answer = lease_message(request, grant);
	int fd = -1;

	if (!desktop_dial(gateway_connection_core(connection), grant->desktop, grant->via,
		    grant->password, &endpoint, &fd, error))
		return FALSE;
	answer.endpoint = endpoint; /* borrowed */
	gateway_connection_send(connection, &answer, fd);
	if (fd >= 0)
		close(fd);
	return TRUE;
}

/* A fresh lease: it ends again if there is no way to its desktop or its gateway has gone. */
static gboolean send_new(GatewayConnection *connection, const ControlMessage *request,
	const Grant *grant, GError **error)
{
	Core *core = gateway_connection_core(connection);
	g_autoptr(GError) why = NULL;

	if (gateway_connection_gone(connection)) {
		session_end(core, grant->lease, FAULT_ENDED, "gateway process ended");
		return TRUE;
	}
	if (send_way(connection, request, grant, &why))
		return TRUE;
	session_end(core, grant->lease, fault_code(why), why->message);
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

/* ---- requests */

static gboolean do_redeem(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	g_auto(Grant) grant = {0};
	Asker asker = asker_of(connection);

	return session_redeem(gateway_connection_core(connection), m, &asker, &grant, error) &&
	       send_new(connection, m, &grant, error);
}

/* Who comes from where: without the port, which is another one each time. */
static char *host_of(const char *peer)
{
	const char *colon = strrchr(peer, ':');
	gsize n = colon ? (gsize)(colon - peer) : strlen(peer);

	return *peer == '[' && n > 2 ? g_strndup(peer + 1, n - 2) : g_strndup(peer, n);
}

/* conversation_password(), under the same back-off as on the web page. */
static gboolean check_password(Core *core, const ControlMessage *m, Who *out, GError **error)
{
	g_autofree char *host = host_of(m->peer);
	LimitVerdict verdict = LIMIT_ACCEPTED;
	g_autoptr(GError) why = NULL;
	LimitAttempt *attempt;
	unsigned wait;

	attempt = limit_begin(core->limit, host, m->user, limit_now(), &wait, error);
	if (attempt == NULL)
		return FALSE;
	if (!conversation_password(core->options->auth, m->user, m->password, m->peer, &out->user,
		    &out->groups, &why))
		verdict = fault_code(why) == FAULT_DENIED ? LIMIT_REFUSED : LIMIT_UNDECIDED;
	wait = limit_end(attempt, verdict, limit_now());
	if (verdict == LIMIT_REFUSED)
		core_login_refused(core, m->user, m->peer, wait);
	if (why != NULL)
		g_propagate_error(error, g_steal_pointer(&why));
	return verdict == LIMIT_ACCEPTED;
}

/* What PAM says of user and password; audited both ways. */
static Who *authenticate(Core *core, const ControlMessage *m, GError **error)
{
	g_autoptr(Who) who = g_new0(Who, 1);

	if (!check_password(core, m, who, error))
		return NULL;
	who->admin = entitlement_admin(core->options, who->user, who->groups);
	if (!audit_add(core, &(AuditEntry){.event = "login", .user = who->user, .peer = m->peer,
				     .detail = m->protocol},
		    error))
		return NULL;
	return g_steal_pointer(&who);
}

static gboolean do_login(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	Core *core = gateway_connection_core(connection);
	g_autoptr(Who) who = authenticate(core, m, error);
	g_autofree char *card = who ? ticket_card(core, who, m->desktop, error) : NULL;
	g_autofree char *desktop = NULL;
	g_auto(Grant) grant = {0};
	Asker asker = asker_of(connection);

	return card && ticket_prepare(core, who, card, m->protocol, &desktop, error) &&
	       session_open(core, who->user, desktop, m, &asker, &grant, error) &&
	       send_new(connection, m, &grant, error);
}

static gboolean do_join(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	g_auto(Grant) grant = {0};
	ControlMessage answer;

	if (!session_join(gateway_connection_core(connection), m, &grant, error))
		return FALSE;
	answer = lease_message(m, &grant);
	gateway_connection_send(connection, &answer, -1);
	return TRUE;
}

static gboolean do_dial(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	g_auto(Grant) grant = {0};

	return session_find(gateway_connection_core(connection), m->lease, &grant, error) &&
	       send_way(connection, m, &grant, error);
}

static gboolean do_linked(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	if (!session_linked(gateway_connection_core(connection), m->lease, m->backend_id, error))
		return FALSE;
	say_ok(connection, m);
	return TRUE;
}

/* ---- notices */

static gboolean do_started(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	Asker asker = asker_of(connection);
	ControlMessage end = {.type = CONTROL_END, .lease = m->lease,
		.fault = (char *)fault_info(FAULT_ENDED)->name,
		.reason = (char *)"the broker does not know this session"};

	/* A gateway that was away carries a session that has been given up: nobody may sit on a
	 * desktop that the books call free. */
	if (!session_started(gateway_connection_core(connection), m->lease, &asker))
		gateway_connection_send(connection, &end, -1);
	return TRUE;
}

static gboolean do_ended(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	/* Else the gateway tells it again to the broker that comes after this one. */
	if (session_ended(gateway_connection_core(connection), m))
		say_ok(connection, m);
	return TRUE;
}

static gboolean do_active(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	activity_note(gateway_connection_core(connection), m->lease, m->milliseconds);
	return TRUE;
}

static gboolean do_counts(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	gateway_link_take_counts(connection, m->counts);
	return TRUE;
}

static gboolean do_hello(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	gateway_connection_welcome(connection, m->gateway);
	say_ok(connection, m);
	return TRUE;
}

/* ---- the table */

static const struct {
	gboolean (*run)(GatewayConnection *connection, const ControlMessage *m, GError **error);
	Lane lane;
	gboolean answered; /* a fault is told to the gateway */
} table[] = {
	[CONTROL_HELLO] = {do_hello, LANE_READER, TRUE},
	[CONTROL_REDEEM] = {do_redeem, LANE_SLOW, TRUE},
	[CONTROL_LOGIN] = {do_login, LANE_LOGIN, TRUE},
	[CONTROL_JOIN] = {do_join, LANE_SLOW, TRUE},
	[CONTROL_DIAL] = {do_dial, LANE_SLOW, TRUE},
	[CONTROL_LINKED] = {do_linked, LANE_READER, TRUE},
	[CONTROL_STARTED] = {do_started, LANE_READER, FALSE},
	[CONTROL_ENDED] = {do_ended, LANE_READER, FALSE},
	[CONTROL_ACTIVE] = {do_active, LANE_READER, FALSE},
	[CONTROL_COUNTS] = {do_counts, LANE_READER, FALSE},
};

Lane gateway_request_lane(const ControlMessage *message)
{
	return message->type < G_N_ELEMENTS(table) ? table[message->type].lane : LANE_READER;
}

gboolean gateway_request_run(GatewayConnection *connection, const ControlMessage *message,
	GError **error)
{
	gboolean greeted = gateway_connection_name(connection) != NULL;
	g_autoptr(GError) why = NULL;

	if (message->type >= G_N_ELEMENTS(table) || greeted == (message->type == CONTROL_HELLO)) {
		g_set_error(error, FAULT, FAULT_BROKER, "a gateway sent %s %s hello",
			control_type_name(message->type), greeted ? "after" : "before");
		return FALSE;
	}
	if (!table[message->type].run(connection, message, &why) && table[message->type].answered)
		gateway_request_refuse(connection, message, why);
	return TRUE;
}
