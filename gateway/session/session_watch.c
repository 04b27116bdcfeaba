/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_watch: what a session waits for: its two sides, as they said in its last run, and time.
 * What comes makes it run, at once or in its turn.
 */
#include "session/session_loop.h"

#include "net/stream_tcp.h"

void session_wake_after(Session *session, guint64 ms)
{
	guint64 at = session_now(session) + ms;

	if (ms == 0)
		session->loop->hurry = TRUE;
	else if (session->loop->wake == 0 || at < session->loop->wake)
		session->loop->wake = at;
}

/* Who has no desktop yet, or is in debt, waits in a row with all others of that kind, be it a
 * thousand whose time has come at once: between any two of them the rest have their turn. */
static void run_in_turn(Session *s)
{
	gboolean in_row = s->loop->phase == PHASE_STEPS && (!s->loop->relayed || session_owes(s));

	if (in_row)
		session_toil(s);
	else
		session_run(s);
}

static void on_timer(uv_timer_t *timer)
{
	run_in_turn(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void set_watch(uv_poll_t *poll, gint8 *events, int want)
{
	if (*events < 0 || *events == want)
		return;
	if (want)
		uv_poll_start(poll, want, on_poll);
	else
		uv_poll_stop(poll);
	*events = (gint8)want;
}

static int wanted(const Peer *peer)
{
	return (peer->waits & STREAM_READABLE ? UV_READABLE : 0) |
	       (peer->waits & STREAM_WRITABLE ? UV_WRITABLE : 0);
}

/* A client that nobody reads from is still watched for its end, so that one that left is noticed
 * while its desktop starts; in the relay, while its desktop takes nothing. Not when a burst is used
 * up: then there are bytes before the end. */
static int wanted_of_client(const Session *s)
{
	const SessionLoop *loop = s->loop;
	int want = wanted(&s->client);

	if (want == 0 && loop->phase == PHASE_STEPS &&
	    (!loop->relayed || loop->moving || (s->desktop.waits & STREAM_WRITABLE)))
		want = UV_DISCONNECT;
	return want;
}

static void on_timer_closed(uv_handle_t *handle)
{
	g_free(handle);
}

void session_close_timer(Session *s)
{
	if (s->loop->timer != NULL)
		uv_close((uv_handle_t *)g_steal_pointer(&s->loop->timer), on_timer_closed);
}

/* Most sessions are in the relay and wait for nothing but bytes: those have no timer. */
static void set_timer(Session *s, guint64 at)
{
	SessionLoop *loop = s->loop;
	guint64 now = session_now(s);

	if (at == 0) {
		if (loop->timer != NULL)
			uv_timer_stop(loop->timer);
		return;
	}
	if (loop->timer == NULL) {
		loop->timer = g_new0(uv_timer_t, 1);
		uv_timer_init(worker_loop(s->worker), loop->timer);
		loop->timer->data = s;
	}
	uv_timer_start(loop->timer, on_timer, at > now ? at - now : 0, 0);
}

/* Each change costs two system calls. Before the relay hardly anybody speaks out of turn: that a
 * word is wanted no longer is told to the poll only once it comes. */
static gboolean may_wait(const SessionLoop *loop, int events, int want)
{
	return !loop->relayed && events == UV_READABLE && (want & ~UV_DISCONNECT) == 0;
}

/* It runs again as soon as the others have: until then nothing is watched anew, and nothing that
 * comes makes it run before. */
static gboolean has_turn(const Session *s)
{
	return turn_is_due(&s->again);
}

void session_watch(Session *s)
{
	SessionLoop *loop = s->loop;
	guint64 at = loop->deadline;
	int client = wanted_of_client(s), desktop = wanted(&s->desktop);

	if (has_turn(s))
		return;
	if (!may_wait(loop, loop->client_events, client))
		set_watch(&loop->client_poll, &loop->client_events, client);
	if (!may_wait(loop, loop->desktop_events, desktop))
		set_watch(loop->desktop_poll, &loop->desktop_events, desktop);
	if (loop->wake && (at == 0 || loop->wake < at))
		at = loop->wake;
	set_timer(s, at);
}

/* A reset comes as a status, and libuv has stopped the watch: it must be able to start again. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
	Session *s = poll->data;
	SessionLoop *loop = s->loop;
	gboolean client = poll == &loop->client_poll;
	Peer *peer = client ? &s->client : &s->desktop;
	gint8 *watched = client ? &loop->client_events : &loop->desktop_events;

	if (peer->stream && (status < 0 || (events & (UV_READABLE | UV_DISCONNECT))))
		stream_tcp_arrived(peer->stream);
	if (status < 0)
		*watched = 0;
	if (has_turn(s))
		return;
	if (turn_is_due(&s->toil))
		set_watch(poll, watched, 0);
	else if (status == 0 && events == UV_READABLE && !(peer->waits & STREAM_READABLE))
		set_watch(poll, watched, client ? wanted_of_client(s) : wanted(peer));
	else if (client && peer->waits == 0 && (status < 0 || (events & UV_DISCONNECT)))
		session_end(s, FAULT_ENDED, "the client left");
	else
		run_in_turn(s);
}

static void start_watch(Session *s, uv_poll_t *poll, gint8 *events, int fd)
{
	uv_poll_init(worker_loop(s->worker), poll, fd);
	poll->data = s;
	*events = 0;
	s->loop->handles++;
}

void session_watch_client(Session *s, int fd)
{
	start_watch(s, &s->loop->client_poll, &s->loop->client_events, fd);
}

void session_watch_desktop(Session *s, int fd)
{
	s->loop->desktop_poll = g_new0(uv_poll_t, 1);
	start_watch(s, s->loop->desktop_poll, &s->loop->desktop_events, fd);
}
