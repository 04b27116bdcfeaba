/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gateway_request: see gateway_request.h. The session's own life is logged in sessions.c. */
#include "gateways/gateway_request.h"

#include "autofd.h"
#include "gateways/gateway_answer.h"
#include "gateways/gateway_connection.h"
#include "lobbies/lobbies.h"
#include "lobbies/lobby_warning.h"
#include "sessions/activity.h"
#include "sessions/session.h"
#include "sessions/ticket.h"
#include "upkeep/brokers.h"

static Asker asker_of(const GatewayConnection *connection)
{
	return (Asker){connection, gateway_connection_name(connection), NULL, NULL};
}

/* ---- ways in */

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
	if (gateway_answer_way(connection, request, grant, &why))
		return TRUE;
	session_end(core, grant->lease, fault_code(why), why->message);
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

/* The lease of a fresh lobby, which is a desktop like any other to the gateway. */
static gboolean send_lobby(GatewayConnection *connection, const ControlMessage *m,
			   LobbyStart *start, GError **error)
{
	Core *core = gateway_connection_core(connection);
	g_auto(Grant) grant = {0};
	autofd int fd = -1;

	if (!lobbies_open(core, m, start, &grant, &fd, error))
		return FALSE;
	if (gateway_connection_gone(connection))
		lobbies_ended(core, grant.lease, FAULT_ENDED);
	else
		gateway_answer_connected(connection, m, &grant, m->protocol, fd);
	return TRUE;
}

/* ---- requests */

/* A viewer that was refused asks its person for another ticket, which nobody has. */
static gboolean redeem_in_lobby(GatewayConnection *connection, const ControlMessage *m)
{
	g_auto(LobbyStart)
		start = {.protocol = m->protocol,
			 .peer = m->peer,
			 .asker = asker_of(connection),
			 .text = g_strdup("This ticket is not good any more. Please sign in.")};

	return lobbies_open_to_strangers(gateway_connection_core(connection), m->protocol) &&
	       send_lobby(connection, m, &start, NULL);
}

static gboolean do_redeem(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	g_auto(Grant) grant = {0};
	Asker asker = asker_of(connection);
	g_autoptr(GError) why = NULL;

	if (session_again(gateway_connection_core(connection), m, &asker, &grant) ||
	    session_redeem(gateway_connection_core(connection), m, &asker, &grant, &why))
		return send_new(connection, m, &grant, error);
	if (g_error_matches(why, FAULT, FAULT_DENIED) && g_str_equal(m->protocol, "spice") &&
	    redeem_in_lobby(connection, m))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

/* A viewer's further channels may be at other gateways than its main one, and those at another
 * broker; which cannot bring them to a lobby of ours. No gateway learns where to but by its bond.
 * lease NULL: nowhere. */
static void tell_follow(Core *core, const char *lease, const char *bond)
{
	g_autofree char *name = control_bond_name(bond);
	ControlMessage follow = {
		.type = CONTROL_FOLLOW,
		.bond = name,
		.fault = lease ? NULL : (char *)fault_info(FAULT_ENDED)->name,
	};

	if (!gateway_link_follow(core->link, &follow))
		return;
	if (!lease || !lobbies_lease(lease))
		brokers_tell_follow(core->brokers, &follow);
}

static gboolean do_lobby(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	Core *core = gateway_connection_core(connection);
	Asker asker = asker_of(connection);
	g_auto(LobbyStart) start = {0};
	g_auto(Grant) grant = {0};
	/* What others do at this one's word is done for who has a channel of that viewer. */
	gboolean proven = m->lease && m->bond && lobbies_prove(core, m);

	if (!m->lease && session_again(core, m, &asker, &grant))
		return send_new(connection, m, &grant, error);
	if (lobbies_admit(core, m, &asker, &start, error) &&
	    send_lobby(connection, m, &start, error))
		return TRUE;
	/* A viewer's further channels wait for what becomes of its main one. */
	if (proven)
		tell_follow(core, NULL, m->bond);
	return FALSE;
}

/* ---- logins */

/* Who has several desktops and named none, where there is a lobby to ask in. */
static gboolean has_choice(Core *core, const ControlMessage *m, const Who *who)
{
	g_autoptr(GPtrArray) cards = NULL;
	unsigned n = 0;

	if (!core->options->native_chooser || (m->desktop && *m->desktop) ||
	    !lobbies_serve(core, m->protocol))
		return FALSE;
	cards = core_desktops(core, who, NULL);
	for (guint i = 0; cards && i < cards->len; i++)
		n += g_strv_contains(
			(const char *const *)((DesktopView *)cards->pdata[i])->protocols,
			m->protocol);
	return n > 1;
}

static gboolean open_card(GatewayConnection *connection, const ControlMessage *m, const Who *who,
			  const Asker *asker, GError **error)
{
	Core *core = gateway_connection_core(connection);
	g_autofree char *card = ticket_card(core, who, m->desktop, error);
	g_autofree char *desktop = NULL;
	g_auto(Grant) grant = {0};

	return card && ticket_prepare(core, who, card, m->protocol, &desktop, error) &&
	       session_open(core, who->user, desktop, m, asker, &grant, error) &&
	       send_new(connection, m, &grant, error);
}

/* Nobody has all the threads of logins while a desktop starts. */
static gboolean open_desktop(GatewayConnection *connection, const ControlMessage *m, const Who *who,
			     const Asker *asker, GError **error)
{
	Quota *opening = connection->link->opening;
	gboolean opened;

	if (!quota_begin(opening, who->user)) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s has too much under way", who->user);
		return FALSE;
	}
	opened = open_card(connection, m, who, asker, error);
	quota_end(opening, who->user);
	return opened;
}

/* What a name and a password do not settle is settled in a lobby, if there is one: further
 * questions of PAM, and which desktop. */
static gboolean do_login(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	Core *core = gateway_connection_core(connection);
	g_auto(LobbyStart)
		start = {.protocol = m->protocol, .peer = m->peer, .asker = asker_of(connection)};
	g_autoptr(NativeLogin) login = NULL;
	g_autoptr(Who) who = NULL;
	g_auto(Grant) grant = {0};

	if (session_again(core, m, &start.asker, &grant))
		return send_new(connection, m, &grant, error);
	login = native_login_start(core, m->user, m->password, m->peer, m->protocol, NULL, error);
	who = login ? native_login_who(login) : NULL;
	if (!login)
		return FALSE;
	start.asker.groups = who ? who->groups : NULL;
	start.asker.since = who ? who->since : 0;
	if (who && !has_choice(core, m, who))
		return open_desktop(connection, m, who, &start.asker, error);
	if (!who && !lobbies_serve(core, m->protocol)) {
		g_set_error(error, FAULT, FAULT_DENIED,
			    "this login asks for more than a password: use the web page");
		return FALSE;
	}
	if (who)
		start.who = g_steal_pointer(&who);
	else
		start.login = g_steal_pointer(&login);
	return send_lobby(connection, m, &start, error);
}

static gboolean do_join(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	g_auto(Grant) grant = {0};

	if (!session_join(gateway_connection_core(connection), m, &grant, error))
		return FALSE;
	gateway_answer_lease(connection, m, &grant);
	return TRUE;
}

static gboolean dial_lobby(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	g_auto(Grant) grant = {0};
	autofd int fd = -1;

	if (!lobbies_dial(gateway_connection_core(connection), m->lease, &grant, &fd, error))
		return FALSE;
	gateway_answer_connected(connection, m, &grant, "spice", fd);
	return TRUE;
}

static gboolean do_dial(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	g_auto(Grant) grant = {0};

	if (lobbies_lease(m->lease))
		return dial_lobby(connection, m, error);

	return session_find(gateway_connection_core(connection), m->lease, &grant, error) &&
	       gateway_answer_way(connection, m, &grant, error);
}

static gboolean do_linked(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	Core *core = gateway_connection_core(connection);
	g_auto(Grant) grant = {0};

	if (!lobbies_linked(core, m->lease, m->backend_id, &grant) &&
	    !session_linked(core, m->lease, m->backend_id, &grant, error))
		return FALSE;
	if (grant.lease && grant.bond)
		tell_follow(core, grant.lease, grant.bond);
	gateway_answer_ok(connection, m);
	return TRUE;
}

/* ---- notices */

static gboolean do_started(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	Asker asker = asker_of(connection);
	ControlMessage end = {.type = CONTROL_END,
			      .lease = m->lease,
			      .fault = (char *)fault_info(FAULT_ENDED)->name,
			      .reason = (char *)"the broker does not know this session"};

	/* A gateway that was away carries a session that has been given up: nobody may sit on a
	 * desktop that the books call free. */
	if (!lobbies_started(gateway_connection_core(connection), m->lease, &asker) &&
	    !session_started(gateway_connection_core(connection), m->lease, &asker))
		gateway_connection_send(connection, &end, -1);
	return TRUE;
}

static gboolean do_ended(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	Core *core = gateway_connection_core(connection);
	gboolean lobby = lobbies_lease(m->lease) && lobbies_know(core, m->lease);
	Fault fault = FAULT_ENDED;

	fault_from_name(m->fault, &fault);
	if (lobbies_lease(m->lease) && !session_ended_whole(m)) {
		gateway_answer_ok(connection, m);
		return TRUE;
	}
	/* Else the gateway tells it again to the broker that comes after this one. */
	if (lobbies_lease(m->lease))
		lobby_warning_ended(core, m->lease, fault);
	if (lobbies_ended(core, m->lease, fault) || session_ended(core, m))
		gateway_answer_ok(connection, m);
	if (lobby && m->channel)
		gateway_link_end(core->link, m->lease, FAULT_ENDED, "its main channel has left");
	return TRUE;
}

static gboolean do_active(GatewayConnection *connection, const ControlMessage *m, GError **error)
{
	activity_note(gateway_connection_core(connection), m->lease, m->milliseconds,
		      m->round_trip);
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
	gateway_answer_ok(connection, m);
	gateway_connection_catch_up(connection);
	return TRUE;
}

/* ---- the table */

static const struct {
	gboolean (*run)(GatewayConnection *connection, const ControlMessage *m, GError **error);
	LaneKind lane;
	gboolean answered; /* a fault is told to the gateway */
} table[] = {
	[CONTROL_HELLO] = {do_hello, LANE_NONE, TRUE},
	[CONTROL_REDEEM] = {do_redeem, LANE_SLOW, TRUE},
	[CONTROL_LOGIN] = {do_login, LANE_LOGIN, TRUE},
	[CONTROL_LOBBY] = {do_lobby, LANE_SLOW, TRUE},
	[CONTROL_JOIN] = {do_join, LANE_SLOW, TRUE},
	[CONTROL_DIAL] = {do_dial, LANE_SLOW, TRUE},
	[CONTROL_LINKED] = {do_linked, LANE_NONE, TRUE},
	[CONTROL_STARTED] = {do_started, LANE_NONE, FALSE},
	[CONTROL_ENDED] = {do_ended, LANE_NONE, FALSE},
	[CONTROL_ACTIVE] = {do_active, LANE_NONE, FALSE},
	[CONTROL_COUNTS] = {do_counts, LANE_NONE, FALSE},
};

LaneKind gateway_request_lane(const ControlMessage *message)
{
	return message->type < G_N_ELEMENTS(table) ? table[message->type].lane : LANE_NONE;
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
		gateway_answer_refuse(connection, message, why);
	return TRUE;
}
