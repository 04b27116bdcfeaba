/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_errand: see lobby_errand.h. */
#include "lobbies/lobby_errand.h"

#include <sys/eventfd.h>

#include "fault.h"
#include "lobbies/lobby.h"
#include "sessions/move.h"
#include "sessions/ticket.h"

struct LobbyErrand {
	Core *core;
	GThread *thread;
	int wake;
	Who who;
	char *card, *protocol, *peer, *gateway, *lobby;
	gconstpointer connection;
	Bond bond;
	int cancelled, done; /* atomic */
	gboolean moved;
	GError *error;
};

static gboolean cancelled(LobbyErrand *e, GError **error)
{
	if (!g_atomic_int_get(&e->cancelled))
		return FALSE;
	g_set_error(error, FAULT, FAULT_ENDED, "it was given up");
	return TRUE;
}

static gboolean run(LobbyErrand *e, GError **error)
{
	ControlMessage request = {.protocol = e->protocol, .peer = e->peer};
	Asker asker = {e->connection, e->gateway, e->who.groups,
		       e->bond.client_id ? &e->bond : NULL, e->who.since};
	g_autofree char *desktop = NULL;
	g_auto(Grant) grant = {0};
	g_autoptr(GError) why = NULL;

	if (!ticket_prepare(e->core, &e->who, e->card, e->protocol, &desktop, error) ||
	    cancelled(e, error) ||
	    !session_open(e->core, e->who.user, desktop, &request, &asker, &grant, error))
		return FALSE;
	if (move_send(e->core, e->connection, e->lobby, &grant, &why))
		return TRUE;
	session_end(e->core, grant.lease, fault_code(why), why->message);
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

static gpointer errand_thread(gpointer data)
{
	LobbyErrand *e = data;

	e->moved = run(e, &e->error);
	g_atomic_int_set(&e->done, TRUE);
	eventfd_write(e->wake, 1);
	return NULL;
}

LobbyErrand *lobby_errand_new(const Lobby *lobby, const char *card)
{
	const Who *who = lobby->who;
	LobbyErrand *e = g_new0(LobbyErrand, 1);

	e->core = lobby->core;
	e->wake = lobby->wake;
	e->who = (Who){.user = g_strdup(who->user),
		       .groups = g_strdupv(who->groups),
		       .admin = who->admin,
		       .since = who->since};
	e->card = g_strdup(card);
	e->protocol = g_strdup(lobby->protocol);
	e->peer = g_strdup(lobby->peer);
	e->gateway = g_strdup(lobby->asker.name);
	e->connection = lobby->asker.connection;
	e->lobby = g_strdup(lobby->id);
	bond_copy(&e->bond, &lobby->bond);
	e->thread = g_thread_new("errand", errand_thread, e);
	return e;
}

void lobby_errand_cancel(LobbyErrand *e)
{
	g_atomic_int_set(&e->cancelled, TRUE);
}

gboolean lobby_errand_done(LobbyErrand *e)
{
	return g_atomic_int_get(&e->done);
}

gboolean lobby_errand_result(LobbyErrand *e, GError **error)
{
	if (!e->moved)
		g_propagate_error(error, g_error_copy(e->error));
	return e->moved;
}

void lobby_errand_free(LobbyErrand *e)
{
	if (!e)
		return;
	g_thread_join(e->thread);
	g_free(e->who.user);
	g_strfreev(e->who.groups);
	g_free(e->card);
	g_free(e->protocol);
	g_free(e->peer);
	g_free(e->gateway);
	g_free(e->lobby);
	bond_clear(&e->bond);
	g_clear_error(&e->error);
	g_free(e);
}
