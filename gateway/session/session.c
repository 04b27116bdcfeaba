/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session: the table, and the one loop that walks it. What the steps do stands in session_steps.c,
 * what a session waits for in session_watch.c, the way to another desktop in session_move.c, the
 * end of a connection in session_end.c, the broker's side in session_ask.c, sockets and TLS in
 * session_net.c.
 */
#include "session/session.h"

#include "net/stream_tcp.h"
#include "net/stream_tls.h"
#include "session/session_loop.h"

#include <sys/random.h>

#define INPUT_MS 5000 /* between two reports of keys and pointer that go on */

static const struct {
	const char *name;
	Step (*run)(Session *session, GError **error);
	unsigned seconds; /* 0 = as long as it likes */
} path[] = {
	{"proxy", session_proxy, 5},      /* who it is, if a trusted proxy brings it              */
	{"secure", session_secure, 10},   /* TLS, if the first byte says so; silence says VNC     */
	{"sniff", session_sniff, 10},     /* HTTP, SPICE or RFB? picks session->front             */
	{"greet", session_greet, 60},     /* the front's own handshake, until we know who asks    */
	{"redeem", session_redeem, 75},   /* what the broker says; a password may be slow, and a
					     desktop may have to start                            */
	{"dial", session_dial, 15},       /* connect to the desktop, do its handshake             */
	{"welcome", session_welcome, 10}, /* tell the client it is in, in its own protocol        */
	{"relay", session_relay, 0},      /* both ways until one side ends                        */
};

guint64 session_now(const Session *session)
{
	return uv_now(worker_loop(session->worker));
}

void session_enter(Session *s, unsigned row)
{
	SessionLoop *loop = s->loop;

	loop->at = row;
	loop->step_at = session_now(s);
	loop->deadline = path[row].seconds ? loop->step_at + path[row].seconds * 1000u : 0;
	s->log.step = path[row].name;
}

void session_restart(Session *session)
{
	session->loop->securing = FALSE;
	session_enter(session, 0);
}

static Step past_deadline(Session *s, GError **error)
{
	SessionLoop *loop = s->loop;

	if (loop->ending != NULL) {
		g_propagate_error(error, g_steal_pointer(&loop->ending));
		return STEP_FAIL;
	}
	if (loop->deadline && session_now(s) >= loop->deadline) {
		g_set_error(error, FAULT, FAULT_TIMEOUT, "%s took more than %u s",
			    path[loop->at].name, path[loop->at].seconds);
		return STEP_FAIL;
	}
	return STEP_WAIT;
}

/* What the layers took in this run, or could not send in the last, leaves now. A failure shows at
 * the next read or write. */
static void settle(Peer *peer)
{
	if (peer->stream != NULL && stream_flush(peer->stream, NULL) == IO_WAIT)
		peer->waits |= peer->stream->wants;
}

static void pause_for(Session *s, const Peer *peer)
{
	if (peer->pause_ms > 0)
		session_wake_after(s, peer->pause_ms);
}

static void walk(Session *s)
{
	SessionLoop *loop = s->loop;
	guint64 begun = uv_hrtime();

	for (;;) {
		g_autoptr(GError) error = NULL;
		Step step = past_deadline(s, &error);

		loop->again = loop->hurry = FALSE;
		loop->wake = 0;
		s->client.waits = s->desktop.waits = 0;
		s->client.pause_ms = s->desktop.pause_ms = 0;
		if (step != STEP_FAIL)
			step = path[loop->at].run(s, &error);
		switch (step) {
		case STEP_NEXT: session_enter(s, loop->at + 1); continue;
		case STEP_WAIT:
			if (loop->again)
				continue;
			settle(&s->client);
			settle(&s->desktop);
			loop->hurry |= ((s->client.waits | s->desktop.waits) & STREAM_AGAIN) != 0;
			pause_for(s, &s->client);
			pause_for(s, &s->desktop);
			if (!session_charge(s, begun) && loop->hurry)
				turns_again(worker_turns(s->worker), &s->again);
			session_watch(s);
			return;
		case STEP_FAIL:
			if (session_goes_on(s, &error))
				continue;
			session_leave(s, error);
			break;
		case STEP_END: session_leave(s, error); break;
		}
		if (loop->phase == PHASE_LINGER)
			session_watch(s);
		return;
	}
}

void session_run(Session *s)
{
	SessionLoop *loop = s->loop;

	if (loop->phase == PHASE_CLOSED)
		return;
	if (loop->phase == PHASE_LINGER) {
		if (session_now(s) >= loop->deadline)
			session_finish(s);
		else
			session_linger(s);
		if (loop->phase == PHASE_LINGER)
			session_watch(s);
		return;
	}
	if (loop->running) {
		loop->again = TRUE;
		return;
	}
	loop->running = TRUE;
	walk(s);
	loop->running = FALSE;
}

void session_report_live(Session *s)
{
	ControlMessage started = {.type = CONTROL_STARTED, .lease = s->lease};

	/* A broker that is new may not know it. */
	s->loop->input_told = s->loop->told_at = 0;
	if (s->lease != NULL && s->loop->relayed && s->ask.kind != ASK_JOIN &&
	    s->loop->phase == PHASE_STEPS)
		broker_link_notify(worker_broker(s->worker), &started);
}

void session_report_input(Session *s)
{
	SessionLoop *loop = s->loop;
	guint64 now = session_now(s);
	gboolean goes_on = s->input;
	ControlMessage active = {.type = CONTROL_ACTIVE, .lease = s->lease};

	if (loop->timer != NULL && !uv_is_active((uv_handle_t *)loop->timer))
		session_close_timer(s);
	if (goes_on)
		loop->input_at = now;
	s->input = FALSE;
	if (s->lease == NULL || loop->phase != PHASE_STEPS || loop->input_at == loop->input_told ||
	    (goes_on && loop->told_at != 0 && now - loop->told_at < INPUT_MS))
		return;
	active.milliseconds = now - loop->input_at;
	active.round_trip = stream_tcp_round_trip(s->client.stream->fd);
	loop->input_told = loop->input_at;
	loop->told_at = now;
	broker_link_notify(worker_broker(s->worker), &active);
}

/* Where machines wait for each other, and no person for an answer. */
static gboolean is_droppable(const Session *s)
{
	if (s->loop->phase == PHASE_LINGER)
		return !s->loop->relayed;
	if (s->front == NULL)
		return TRUE;
	return path[s->loop->at].run == session_greet &&
	       (s->front == &front_http || !stream_is_tls(s->client.stream));
}

gboolean session_drop(Session *s)
{
	if (s->loop->phase == PHASE_CLOSED || s->loop->running || s->loop->request ||
	    !is_droppable(s))
		return FALSE;
	log_debug(&s->log, "dropped to make room");
	stream_tcp_reset(s->client.stream->fd);
	session_finish(s);
	return TRUE;
}

void session_end(Session *s, Fault code, const char *reason)
{
	if (s->loop->phase != PHASE_STEPS)
		return;
	g_clear_error(&s->loop->ending);
	s->loop->ending = g_error_new_literal(FAULT, (int)code, reason);
	session_run(s);
}

void session_dismiss(Session *s, Fault code, const char *reason)
{
	s->loop->dismissed = TRUE;
	session_end(s, code, reason);
}

static void run_session(gpointer session)
{
	session_run(session);
}

void session_start(Worker *worker, int fd, const char *address, gboolean vnc_only, gboolean proxied,
		   const char *limit)
{
	Session *s = g_new0(Session, 1);
	guint8 id[8];

	s->loop = g_new0(SessionLoop, 1);
	s->worker = worker;
	s->vnc_only = vnc_only;
	s->proxied = proxied;
	s->limit = limit;
	s->again = s->toil = (Turn){.run = run_session, .data = s};
	s->endpoint_fd = -1;
	s->desktop.is_desktop = TRUE;
	if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
		g_error("getrandom failed");
	for (unsigned i = 0; i < sizeof id; i++)
		g_snprintf(s->id + 2 * i, 3, "%02x", id[i]);
	g_strlcpy(s->address, address, sizeof s->address);
	s->log.session = s->id;
	s->log.peer = s->address;
	s->client.stream = stream_tcp_accepted(fd);
	s->loop->desktop_events = -1;
	s->loop->client_events = -1;
	session_watch_client(s, fd);
	s->loop->started_at = s->loop->lease_at = session_now(s);
	session_open_account(s);
	worker_session_started(worker, s);
	session_enter(s, 0);
	session_run(s);
}
