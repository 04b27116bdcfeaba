/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_end: the end of a connection: what is told and to whom, the last words, and what is
 * closed when. Its memory goes when libuv has let go of the last handle.
 */
#include "session/session_loop.h"

#include "secret.h"

#define LINGER_MS 2000 /* for the last words to arrive */

static void on_closed(uv_handle_t *handle)
{
	Session *s = handle->data;

	if (--s->loop->handles > 0)
		return;
	g_clear_error(&s->loop->refusal);
	g_clear_error(&s->loop->ending);
	g_clear_error(&s->loop->lost);
	g_free(s->loop->farewell);
	g_free(s->loop->home);
	g_free(s->loop);
	g_free(s->lease);
	g_free(s->user);
	g_free(s->desktop_name);
	g_free(s->target);
	secret_free(s->bond);
	g_free(s);
}

static void on_desktop_poll_closed(uv_handle_t *handle)
{
	on_closed(handle);
	g_free(handle);
}

void session_close_watch(Session *s)
{
	SessionLoop *loop = s->loop;

	if (loop->desktop_events >= 0)
		uv_close((uv_handle_t *)loop->desktop_poll, on_desktop_poll_closed);
	loop->desktop_poll = NULL;
	loop->desktop_events = -1;
}

static void close_desktop(Session *s)
{
	session_close_watch(s);
	if (s->dial != NULL && s->dial->close != NULL)
		s->dial->close(s);
	s->dial = NULL;
	if (s->relay != NULL && s->relay->close != NULL)
		s->relay->close(s);
	s->relay = NULL;
	peer_clear(&s->desktop);
	endpoint_clear(&s->endpoint);
	if (s->endpoint_fd >= 0)
		close(s->endpoint_fd);
	s->endpoint_fd = -1;
}

void session_count(Session *s, guint64 *counts)
{
	SessionLoop *loop = s->loop;

	counts[loop->relayed ? COUNTS_RELAYING : COUNTS_HANDSHAKING]++;
	counts[COUNTS_BYTES_IN] += s->client.bytes_in - loop->counted_in;
	counts[COUNTS_BYTES_OUT] += s->client.bytes_out - loop->counted_out;
	loop->counted_in = s->client.bytes_in;
	loop->counted_out = s->client.bytes_out;
}

static void count_end(Session *s, Fault code)
{
	guint64 *counts = worker_counts(s->worker);

	counts[COUNTS_ENDED + code]++;
	if (!s->loop->relayed && code != FAULT_ENDED)
		counts[COUNTS_LOST + counts_step(s->log.step)]++;
}

/* Nothing of the session is left but its memory, which goes with the last handle. */
void session_finish(Session *s)
{
	SessionLoop *loop = s->loop;

	loop->phase = PHASE_CLOSED;
	close_desktop(s);
	if (s->front != NULL && s->front->close != NULL)
		s->front->close(s);
	s->front = NULL;
	ask_clear(&s->ask);
	if (loop->client_events >= 0)
		uv_close((uv_handle_t *)&loop->client_poll, on_closed);
	loop->client_events = -1;
	session_close_timer(s);
	turn_forget(&s->again);
	turn_forget(&s->toil);
	session_count(s, worker_counts(s->worker));
	peer_clear(&s->client);
	worker_session_gone(s->worker, s, loop->relayed);
}

void session_report_lease(Session *s, Fault code, const char *reason, const char *aside)
{
	SessionLoop *loop = s->loop;
	ControlMessage ended = {
		.type = CONTROL_ENDED,
		.lease = s->lease,
		.to = (char *)aside,
		.channel = s->ask.channel,
		.fault = (char *)fault_info(code)->name,
		.reason = (char *)reason,
		.step = (char *)s->log.step,
		.bytes_in = s->client.bytes_in - loop->bytes_in,
		.bytes_out = s->client.bytes_out - loop->bytes_out,
		.milliseconds = session_now(s) - loop->lease_at,
	};

	broker_link_notify(worker_broker(s->worker), &ended);
}

/* One line and one notice, whatever the end was. Pages and API calls are the broker's to log. */
static void report(Session *s, Fault code, const char *reason)
{
	SessionLoop *loop = s->loop;
	guint64 ms = session_now(s) - loop->started_at;
	GLogLevelFlags level = fault_info(code)->log_level;

	if (s->ask.kind == ASK_PORTAL && (code == FAULT_ENDED || code == FAULT_CLIENT))
		level = G_LOG_LEVEL_DEBUG;
	if (!loop->relayed && code == FAULT_ENDED && s->lease == NULL)
		level = G_LOG_LEVEL_DEBUG; /* a port scan, a health check */
	log_write(level, &s->log,
		  "ended fault=%s in=%" G_GUINT64_FORMAT " out=%" G_GUINT64_FORMAT
		  " ms=%" G_GUINT64_FORMAT ": %s",
		  fault_info(code)->name, s->client.bytes_in, s->client.bytes_out, ms, reason);
	if (s->lease != NULL)
		session_report_lease(s, code, reason, NULL);
}

/* The last words have been put into client.out: they go out, then the client closes. */
void session_linger(Session *s)
{
	g_autoptr(GError) ignored = NULL;

	s->client.waits = 0;
	s->loop->wake = 0;
	switch (peer_flush(&s->client, &ignored)) {
	case IO_WAIT: return;
	case IO_DONE: break;
	case IO_EOF:
	case IO_FAIL: session_finish(s); return;
	}
	if (!s->loop->shut) {
		stream_shutdown(s->client.stream, s->loop->farewell);
		s->loop->shut = TRUE;
	}
	for (unsigned i = 0; i < 16; i++) {
		Io io;

		buffer_clear(&s->client.in);
		io = peer_read(&s->client, 4096, &ignored);
		if (io == IO_WAIT)
			return;
		if (io != IO_DONE)
			break;
	}
	session_finish(s);
}

void session_leave(Session *s, const GError *error)
{
	Fault code = error ? fault_code(error) : FAULT_ENDED;
	const char *reason = error ? error->message : "the client left";
	SessionLoop *loop = s->loop;

	/* Before the last words: an answer that came while they go out would open a lease that
	 * nobody ends. */
	if (loop->request && s->lease == NULL && s->ask.kind != ASK_JOIN)
		worker_renounce(s->worker, loop->request);
	else if (loop->request)
		worker_forget(s->worker, loop->request);
	loop->request = 0;
	report(s, code, reason);
	count_end(s, code);
	if (error != NULL && s->front != NULL && !s->client.eof)
		s->front->goodbye(s, error);
	/* Who ended it on purpose said so in words; a fault's message is for the admin. */
	loop->farewell = error == NULL
				 ? NULL
				 : g_strdup(code == FAULT_ENDED ? reason : fault_info(code)->words);
	close_desktop(s);
	if (error == NULL || s->client.eof) {
		session_finish(s);
		return;
	}
	loop->phase = PHASE_LINGER;
	loop->deadline = session_now(s) + LINGER_MS;
	session_linger(s);
}
