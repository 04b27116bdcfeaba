/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_ask: what a session asks the broker, and what becomes of the answer. */
#include "session/session_loop.h"

#include "secret.h"

#include <string.h>

void ask_clear(Ask *ask)
{
	secret_free(ask->ticket);
	secret_free(ask->password);
	g_free(ask->user);
	g_free(ask->desktop);
	ask->ticket = ask->password = ask->user = ask->desktop = NULL;
	g_clear_pointer(&ask->channel, g_free);
	g_clear_pointer(&ask->lease, g_free);
}

void session_request(Session *s, ControlMessage *request)
{
	SessionLoop *loop = s->loop;

	g_assert(loop->request == 0 && !loop->answered);
	g_clear_error(&loop->refusal);
	if (broker_link_request(worker_broker(s->worker), request, &loop->refusal)) {
		loop->request = request->id;
		worker_expect(s->worker, request->id, s);
	} else {
		loop->answered = TRUE;
		loop->verdict = STEP_FAIL;
	}
}

gboolean session_asking(const Session *s)
{
	return s->loop->request != 0 || s->loop->answered;
}

Step session_answer(Session *s, GError **error)
{
	SessionLoop *loop = s->loop;

	if (!loop->answered)
		return STEP_WAIT;
	loop->answered = FALSE;
	if (loop->verdict == STEP_FAIL)
		g_propagate_error(error, g_steal_pointer(&loop->refusal));
	return loop->verdict;
}

static void replace(char **to, const char *text)
{
	g_free(*to);
	*to = g_strdup(text);
}

char *session_change_lease(Session *s, char *lease)
{
	char *left = s->lease;

	if (left != NULL)
		worker_lease_left(s->worker, s);
	s->lease = lease;
	if (lease != NULL)
		worker_lease_taken(s->worker, s);
	return left;
}

void session_take_lease(Session *s, const char *lease, const ControlMessage *message, int fd)
{
	const Endpoint *e = &message->endpoint;

	g_free(session_change_lease(s, g_strdup(lease)));
	replace(&s->user, message->user);
	replace(&s->desktop_name, message->desktop);
	s->log.user = s->user;
	s->log.desktop = s->desktop_name;
	if (message->bond) {
		secret_free(s->bond);
		s->bond = secret_dup(message->bond);
	}
	if (message->client_id)
		s->client_id = message->client_id;
	if (message->backend_id)
		s->backend_id = message->backend_id;
	if (s->endpoint_fd >= 0)
		close(s->endpoint_fd);
	s->endpoint_fd = fd;
	endpoint_clear(&s->endpoint);
	s->endpoint = (Endpoint){
		.protocol = g_strdup(e->protocol),
		.has_fd = e->has_fd,
		.host = g_strdup(e->host),
		.port = e->port,
		.tls = e->tls,
		.ca = g_strdup(e->ca),
		.username = g_strdup(e->username),
		.password = secret_dup(e->password),
	};
}

static gboolean shows_ticket(const Session *s)
{
	return s->ask.kind == ASK_TICKET && s->ask.ticket != NULL;
}

/* A ticket that the next broker does not take may have been spent by the one that died. */
static GError *refusal(const Session *s, const ControlMessage *message)
{
	const char *reason = message->reason ? message->reason : "refused";
	Fault code = FAULT_BROKER;
	GError *error;

	fault_from_name(message->fault, &code);
	if (code == FAULT_DENIED && shows_ticket(s) && s->loop->asked_twice)
		return g_error_new(FAULT, FAULT_BROKER,
				   "the broker went away while it was asked; the next one says: %s",
				   reason);
	error = g_error_new_literal(FAULT, (int)code, reason);
	fault_set_wait(&error, message->wait);
	return error;
}

void session_answered(Session *s, const ControlMessage *message, int fd, const GError *error)
{
	SessionLoop *loop = s->loop;

	loop->request = 0;
	loop->answered = TRUE;
	loop->verdict = STEP_NEXT;
	if (message == NULL) {
		loop->verdict = STEP_FAIL;
		loop->refusal = g_error_copy(error);
	} else if (message->type == CONTROL_REFUSE) {
		loop->verdict = STEP_FAIL;
		loop->refusal = refusal(s, message);
	} else if (message->type == CONTROL_LEASE) {
		session_take_lease(s, message->lease, message, fd);
		fd = -1;
		/* The answer may be older than that. */
		if (loop->overtaken && s->bond != NULL)
			worker_follow(s->worker, s);
		loop->overtaken = FALSE;
	}
	if (fd >= 0)
		close(fd);
	session_run(s);
}

/* ---- redeem */

static void send_ask(Session *s)
{
	static const ControlType types[] = {
		[ASK_TICKET] = CONTROL_REDEEM, [ASK_LOGIN] = CONTROL_LOGIN,
		[ASK_LOBBY] = CONTROL_LOBBY,   [ASK_AGAIN] = CONTROL_DIAL,
		[ASK_JOIN] = CONTROL_JOIN,
	};
	Ask *ask = &s->ask;
	ControlMessage request = {
		.type = types[ask->kind],
		.ticket = ask->ticket,
		.user = ask->user,
		.password = ask->password,
		.desktop = ask->desktop,
		.protocol = (char *)ask->protocol,
		.peer = s->address,
		.client_id = ask->client_id,
		.bond = ask->kind == ASK_LOBBY ? s->bond : NULL,
		.channel = ask->channel,
		.lease = ask->lease,
	};

	if (ask->kind == ASK_TICKET)
		request.user = request.password = request.desktop = NULL;
	if (ask->kind == ASK_AGAIN)
		request = (ControlMessage){.type = CONTROL_DIAL, .lease = s->lease};
	session_request(s, &request);
}

/* The books spend a ticket and open its lease in one go, so the next broker either finds it as it
 * was or refuses it. Once: it may have been the question that the broker died of. A password is not
 * tried twice: that would count as two tries. */
void session_lost(Session *s, const GError *error)
{
	if (!shows_ticket(s) || s->loop->asked_twice) {
		session_answered(s, NULL, -1, error);
		return;
	}
	log_info(&s->log, "shows its ticket to the next broker: %s", error->message);
	s->loop->asked_twice = TRUE;
	s->loop->request = 0;
	send_ask(s);
	session_run(s);
}

/* The credentials are of no use any more, whatever the answer was. */
static void wipe_credentials(Ask *ask)
{
	g_clear_pointer(&ask->ticket, secret_free);
	g_clear_pointer(&ask->password, secret_free);
}

Step session_redeem(Session *s, GError **error)
{
	Step step;

	if (s->ask.kind == ASK_PORTAL)
		return STEP_NEXT;
	if (!session_asking(s))
		send_ask(s);
	step = session_answer(s, error);
	if (step != STEP_WAIT)
		wipe_credentials(&s->ask);
	return step;
}
