/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_move: another desktop below the same client, in the same connection: because the broker
 * says so, because the same one is to be reached another way, or because the desktop has gone and
 * the broker has a lobby to come back to.
 *
 * Of a SPICE session only the main channel asks and is moved. Each further one that has lost its
 * desktop waits (backend_id is 0, the step is dial) until the broker says where main is by now.
 */
#include "relay/spice_swap.h"
#include "session/session_loop.h"

#define RETURN_MS 10000  /* between two times that it goes back to its desktop */
#define HOME_MS   60000  /* that it asks for the way back from a lobby */
#define HELD_MS   1000   /* it was refused sooner: not for want of the broker, but of room */
#define MAIN_MS   105000 /* for main, which may dial a lobby for 15 s before all that */
#define JOIN_MS   5000 /* for a channel that its desktop never took, until main has gone as well */

/* What the broker was asked is of no use any more. */
static void forget_request(Session *s)
{
	SessionLoop *loop = s->loop;

	if (loop->request)
		worker_forget(s->worker, loop->request);
	loop->request = 0;
	loop->answered = FALSE;
	g_clear_error(&loop->refusal);
}

/* Or on the way back to the one where it was. */
static gboolean at_desktop(const Session *s)
{
	return s->relay != NULL && (!s->loop->moving || s->loop->returning);
}

/* The desktop is left, the client stays. Its poll may stand still meanwhile: it is watched for its
 * end, see set_watches(). FALSE: it cannot be left. */
static gboolean leave_desktop(Session *s)
{
	SessionLoop *loop = s->loop;

	if (at_desktop(s) && !s->relay->part(s))
		return FALSE;
	forget_request(s);
	session_close_watch(s);
	if (s->dial != NULL && s->dial->close != NULL)
		s->dial->close(s);
	s->dial = NULL;
	peer_clear(&s->desktop);
	s->desktop.eof = FALSE;
	loop->connecting = FALSE;
	/* Without a relay its client knows nothing of a desktop yet. */
	loop->moving = s->relay != NULL;
	loop->returning = FALSE;
	return TRUE;
}

/* For good, from the lease as well. aside: as session_report_lease() has it. */
static gboolean part_for(Session *s, Fault code, const char *reason, const char *aside)
{
	SessionLoop *loop = s->loop;

	if (at_desktop(s) && s->relay->release_keys != NULL)
		s->relay->release_keys(s);
	if (!leave_desktop(s))
		return FALSE;
	if (s->relay == NULL)
		return TRUE;
	session_report_lease(s, code, reason, aside);
	loop->bytes_in = s->client.bytes_in;
	loop->bytes_out = s->client.bytes_out;
	loop->lease_at = session_now(s);
	return TRUE;
}

static gboolean part(Session *s, Fault code, const char *reason)
{
	return part_for(s, code, reason, NULL);
}

static gboolean send_away(Session *s, const Endpoint *to)
{
	if (s->relay != &relay_spice || s->relaying == NULL || to->host == NULL ||
	    !spice_swap_send_away(s->relaying, to->host, to->port))
		return FALSE;
	log_info(&s->log, "is told to come again, to %s", to->host);
	session_run(s);
	return TRUE;
}

gboolean session_move(Session *s, const ControlMessage *message, int fd)
{
	SessionLoop *loop = s->loop;
	g_autofree char *left = NULL;

	if (loop->phase != PHASE_STEPS || s->relay == NULL || s->relay->part == NULL ||
	    loop->moving || s->front != NULL)
		return FALSE;
	if (message->again)
		return send_away(s, &message->endpoint);
	if (!part_for(s, FAULT_ENDED, "moved to another desktop",
		      message->desktop ? NULL : message->to))
		return FALSE;
	log_info(&s->log, "moves to %s", message->desktop ? message->desktop : "another desktop");
	left = session_change_lease(s, NULL);
	session_take_lease(s, message->to, message, fd);
	g_free(loop->home);
	loop->home = message->desktop ? NULL : g_steal_pointer(&left);
	session_enter(s, DIAL_ROW);
	session_run(s);
	return TRUE;
}

gboolean session_follows(Session *s, const char *bond_name)
{
	SessionLoop *loop = s->loop;

	if (loop->phase != PHASE_STEPS || s->ask.kind != ASK_JOIN)
		return FALSE;
	if (loop->at < DIAL_ROW)
		loop->overtaken = TRUE;
	return loop->at >= DIAL_ROW && control_bond_is(s->bond, bond_name);
}

void session_follow(Session *s, const ControlMessage *message)
{
	SessionLoop *loop = s->loop;

	if (loop->phase != PHASE_STEPS || s->ask.kind != ASK_JOIN || loop->at < DIAL_ROW ||
	    s->ask.client_id != message->client_id)
		return;
	if (g_strcmp0(s->lease, message->lease) == 0 && s->backend_id == message->backend_id)
		return; /* it joined there */
	if (!part(s, FAULT_ENDED, "moved to another desktop")) {
		session_end(s, FAULT_ENDED, "the session goes on at another desktop");
		return;
	}
	g_clear_error(&loop->lost);
	session_take_lease(s, message->lease, message, -1);
	session_enter(s, DIAL_ROW);
	session_run(s);
}

/* ---- a desktop that has gone */

/* Why it was lost is kept for when there is no way back. */
static void ask_for_way(Session *s, GError **error)
{
	SessionLoop *loop = s->loop;

	loop->lost = g_steal_pointer(error);
	loop->lost_row = loop->at;
	loop->lost_at = s->log.step;
	loop->returned_at = session_now(s);
	loop->asked_twice = FALSE;
	s->ask.kind = ASK_AGAIN;
	session_enter(s, REDEEM_ROW);
}

static void swap_home(Session *s)
{
	s->loop->home = session_change_lease(s, s->loop->home);
}

/* On the way there: the broker that was to help has gone with it, and is not back in time, or the
 * one after it knows no such. */
static gboolean lobby_lost(const SessionLoop *loop, Fault code)
{
	return code == FAULT_DESKTOP ||
	       (loop->at == DIAL_ROW &&
		(code == FAULT_BROKER || code == FAULT_NOT_FOUND || code == FAULT_TIMEOUT));
}

/* The lobby where it was for a while has gone, with the broker that kept it or alone: the session
 * that it was taken from goes on. */
static gboolean go_home(Session *s, GError **error)
{
	SessionLoop *loop = s->loop;

	if (loop->home == NULL || loop->returning || loop->at < DIAL_ROW ||
	    !lobby_lost(loop, fault_code(*error)) || !part(s, FAULT_DESKTOP, (*error)->message))
		return FALSE;
	log_info(&s->log, "goes back to its desktop: %s", (*error)->message);
	swap_home(s);
	loop->returning = TRUE;
	ask_for_way(s, error);
	return TRUE;
}

/* The connection to the desktop broke, but that may be well: on another host by now, or behind a
 * line that was down. The broker is asked for the way to it, once for each loss, and not for every
 * loss of one that does nothing but break. */
static gboolean go_back(Session *s, GError **error)
{
	SessionLoop *loop = s->loop;

	if (loop->at != RELAY_ROW || fault_code(*error) != FAULT_DESKTOP || s->lease == NULL ||
	    s->relay == NULL || s->relay->part == NULL || s->front != NULL ||
	    s->ask.kind == ASK_JOIN ||
	    (loop->returned_at && session_now(s) - loop->returned_at < RETURN_MS) ||
	    !leave_desktop(s))
		return FALSE;
	loop->returning = TRUE;
	log_info(&s->log, "asks for the way to its desktop once more: %s", (*error)->message);
	ask_for_way(s, error);
	return TRUE;
}

/* Its lobby went with the broker, which may take a while to come back. */
static gboolean can_ask_on(const SessionLoop *loop, guint64 now)
{
	return !loop->asked_twice || (loop->home != NULL && now - loop->step_at >= HELD_MS &&
				      now - loop->returned_at < HOME_MS);
}

/* The line to the broker may have broken in the same moment: the question has gone nowhere, and
 * waits for the next one. */
static gboolean ask_twice(Session *s, GError **error)
{
	SessionLoop *loop = s->loop;

	if (!loop->returning || loop->at != REDEEM_ROW || fault_code(*error) != FAULT_BROKER ||
	    !can_ask_on(loop, session_now(s)))
		return FALSE;
	g_clear_error(error);
	loop->asked_twice = TRUE;
	session_enter(s, REDEEM_ROW);
	return TRUE;
}

/* There was no way back: what counts is why it was lost, but for an end that somebody wanted. */
static void give_up_return(Session *s, GError **error)
{
	SessionLoop *loop = s->loop;

	if (loop->home != NULL)
		swap_home(s);
	g_clear_pointer(&loop->home, g_free);
	if (fault_code(*error) != FAULT_ENDED) {
		log_debug(&s->log, "no way back: %s", (*error)->message);
		g_clear_error(error);
		g_propagate_error(error, g_steal_pointer(&loop->lost));
		loop->at = loop->lost_row;
		s->log.step = loop->lost_at;
	}
	g_clear_error(&loop->lost);
}

/* Of those that a person at a native viewer survives: a browser's page has its own way back. */
static gboolean can_choose_again(const Session *s, Fault code)
{
	const SessionLoop *loop = s->loop;

	return s->lease != NULL && s->relay != NULL && s->relay->part != NULL && s->front == NULL &&
	       g_strcmp0(s->ask.protocol, "web") != 0 &&
	       (loop->dismissed || code == FAULT_DESKTOP ||
		(loop->moving && code == FAULT_TIMEOUT));
}

/* Is it main that knows what will become of this channel? A broker that went while it was on its
 * way to another desktop comes back, and main with it. */
static gboolean can_wait(const Session *s, Fault code)
{
	const SessionLoop *loop = s->loop;

	return s->lease != NULL && loop->at >= DIAL_ROW && !s->client.eof &&
	       (loop->dismissed || s->desktop.eof || code == FAULT_DESKTOP ||
		code == FAULT_NOT_FOUND || (code == FAULT_BROKER && s->relay != NULL));
}

/* The desktop has gone, or was taken from its person: the broker is asked for a lobby. */
static void choose_again(Session *s)
{
	s->ask.kind = ASK_LOBBY;
	g_free(s->ask.lease);
	s->ask.lease = session_change_lease(s, NULL);
	session_enter(s, REDEEM_ROW);
}

/* For main; or, if the desktop that it has found has no such channel, for the one after that, as
 * long as it takes. A channel that was never linked may have been refused for itself (the desktop
 * holds another of its kind still): then main stays, and the viewer had better try again soon. */
static void wait_for_main(Session *s)
{
	s->backend_id = 0;
	session_enter(s, DIAL_ROW);
	s->loop->deadline = session_now(s) + (s->relay != NULL ? MAIN_MS : JOIN_MS);
	if (s->relay != NULL && s->no_channel)
		s->loop->deadline = 0;
	s->no_channel = FALSE;
}

/* Once for each loss. */
static gboolean wait_or_choose(Session *s, GError **error)
{
	SessionLoop *loop = s->loop;
	gboolean further = s->ask.kind == ASK_JOIN;
	Fault code;

	if (loop->returning && loop->lost != NULL)
		give_up_return(s, error);
	code = fault_code(*error);
	/* The end of a lease concerns nobody who has left it already. */
	if (further && loop->lost != NULL && loop->dismissed) {
		loop->dismissed = FALSE;
		g_clear_error(error);
		if (loop->deadline == 0)
			session_enter(s, DIAL_ROW);
		return TRUE;
	}
	if (loop->lost != NULL) {
		log_debug(&s->log, "no lobby: %s", (*error)->message);
		g_clear_error(error);
		g_propagate_error(error, g_steal_pointer(&loop->lost));
		s->log.step = loop->lost_at;
		return FALSE;
	}
	if (further ? !can_wait(s, code) : !can_choose_again(s, code))
		return FALSE;
	if (!part(s, code, (*error)->message))
		return FALSE;
	log_info(&s->log, "%s: %s", further ? "waits for its main channel" : "asks for a lobby",
		 (*error)->message);
	loop->lost = g_steal_pointer(error);
	loop->lost_row = loop->at;
	loop->lost_at = s->log.step;
	loop->dismissed = FALSE;
	if (further)
		wait_for_main(s);
	else
		choose_again(s);
	return TRUE;
}

gboolean session_goes_on(Session *s, GError **error)
{
	return go_home(s, error) || go_back(s, error) || ask_twice(s, error) ||
	       wait_or_choose(s, error);
}
