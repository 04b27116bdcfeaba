/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_steps: what the rows of the table in session.c do, in its order. */
#include "session/session_loop.h"

#include "http/proxy.h"
#include "http/sniff.h"
#include "net/address.h"
#include "net/stream_tls.h"

/* ---- proxy */

/* Takes the text. IPv4 in IPv6 becomes IPv4, so that a client has one name whichever way
 * it came. */
static char *plain(char *address)
{
	struct sockaddr_storage parsed;
	char text[ADDRESS_TEXT];

	if (address == NULL || address_parse(address, &parsed) == 0)
		return address;
	address_describe(&parsed, text);
	g_free(address);
	return g_strdup(text);
}

/* The real client takes the proxy's place in limits, log and books. A header without an address
 * (the proxy's own check of our health) leaves the connection's own. */
static gboolean take_client(Session *s, const ProxyHeader *header, GError **error)
{
	g_autofree char *source = plain(proxy_source(header));

	if (source == NULL)
		return TRUE;
	s->target = plain(proxy_target(header));
	if (worker_session_is_from(s->worker, s, source))
		return TRUE;
	g_set_error(error, FAULT, FAULT_BUSY, "max_per_address is reached");
	return FALSE;
}

/* Whatever came behind the header stays in client.in. */
Step session_proxy(Session *s, GError **error)
{
	while (s->proxied) {
		gsize have = buffer_length(&s->client.in);
		ProxyHeader header;
		gssize n = have ? proxy_parse(buffer_bytes(&s->client.in), have, &header, error)
				: 0;
		Io io;

		if (n < 0)
			return STEP_FAIL;
		if (n > 0) {
			buffer_consume(&s->client.in, (gsize)n);
			s->proxied = FALSE;
			return take_client(s, &header, error) ? STEP_NEXT : STEP_FAIL;
		}
		io = peer_read(&s->client, PROXY_READ_MAX - have, error);
		if (io != IO_DONE)
			return session_client_io(s, io);
	}
	return STEP_NEXT;
}

/* ---- secure */

/* Who says nothing for this long waits for us: only RFB servers speak first. A lost ClientHello
 * comes again after about a second, so the default is longer than that. */
static Step wait_for_a_word(Session *s)
{
	guint64 silence = (guint64)worker_options(s->worker)->rfb_silence;
	guint64 waited = session_now(s) - s->loop->step_at;

	if (waited < silence) {
		session_wake_after(s, silence - waited);
		return STEP_WAIT;
	}
	s->loop->silent = TRUE;
	return STEP_NEXT;
}

/* The first record, or so much of it that its sender has paid for what TLS costs us: most of who
 * never comes to an end with it sends a few bytes. */
enum { HEADER = 5, ENOUGH = 400 };

static Io whole_hello(Session *s, GError **error)
{
	Io io = peer_need(&s->client, HEADER, error);
	const guint8 *b;

	if (io != IO_DONE)
		return io;
	b = buffer_bytes(&s->client.in);
	return peer_need(&s->client, HEADER + MIN((gsize)b[3] << 8 | b[4], ENOUGH), error);
}

Step session_secure(Session *s, GError **error)
{
	Io io;

	if (s->vnc_only)
		return STEP_NEXT;
	if (s->loop->securing)
		return session_secure_stream(s, error);
	if (buffer_length(&s->client.in) == 0) {
		io = peer_read(&s->client, HEADER + ENOUGH, error);
		if (io == IO_WAIT)
			return wait_for_a_word(s);
		if (io != IO_DONE)
			return session_client_io(s, io);
	}
	if (*buffer_bytes(&s->client.in) != 0x16)
		return STEP_NEXT; /* no TLS record: sniff says what, and whether that may be */
	io = whole_hello(s, error);
	if (io != IO_DONE)
		return session_client_io(s, io);
	return session_secure_stream(s, error);
}

/* ---- sniff */

static Step choose(Session *s, const Front *front)
{
	s->front = front;
	return STEP_NEXT;
}

/* Only what TLS protects may carry a password: without it a viewer gets RFB (VeNCrypt follows) or
 * an HTTP answer that says where to go. */
static Step sniff_client(Session *s, GError **error)
{
	gboolean secure = stream_is_tls(s->client.stream);

	switch (sniff_bytes(buffer_bytes(&s->client.in), buffer_length(&s->client.in))) {
	case SNIFF_MORE: return STEP_WAIT;
	case SNIFF_HTTP:
	case SNIFF_CONNECT: return choose(s, &front_http);
	case SNIFF_SPICE:
		choose(s, &front_spice);
		if (secure)
			return STEP_NEXT;
		g_set_error(error, FAULT, FAULT_CLIENT, "SPICE without TLS");
		return STEP_FAIL;
	default: break;
	}
	g_set_error(error, FAULT, FAULT_CLIENT, "the first bytes are no protocol of ours");
	return STEP_FAIL;
}

Step session_sniff(Session *s, GError **error)
{
	gsize have = buffer_length(&s->client.in);
	Io io;

	if (s->vnc_only || s->loop->silent)
		return choose(s, &front_rfb);
	for (;;) {
		if (have > 0) {
			Step step = sniff_client(s, error);

			if (step != STEP_WAIT)
				return step;
		}
		if (have >= SNIFF_MAX) {
			g_set_error(error, FAULT, FAULT_CLIENT, "no protocol of ours");
			return STEP_FAIL;
		}
		io = peer_read(&s->client, SNIFF_MAX - have, error);
		if (io == IO_WAIT && have == 0)
			return wait_for_a_word(s) == STEP_NEXT ? choose(s, &front_rfb) : STEP_WAIT;
		if (io != IO_DONE)
			return session_client_io(s, io);
		have = buffer_length(&s->client.in);
	}
}

/* ---- greet, redeem, dial, welcome, relay */

Step session_greet(Session *s, GError **error)
{
	Step step;

	if (s->limit != NULL) {
		g_set_error(error, FAULT, FAULT_BUSY, "%s is reached", s->limit);
		return STEP_FAIL;
	}
	step = s->front->greet(s, error);
	if (step == STEP_NEXT && s->tls_inside) {
		s->tls_inside = FALSE;
		s->tunnelled = TRUE;
		s->front->close(s);
		s->front = NULL;
		session_restart(s);
		session_run(s); /* notes: walk again */
		return STEP_WAIT;
	}
	return step;
}

static const Desktop *desktop_for(const Session *s)
{
	if (s->ask.kind == ASK_PORTAL)
		return &desktop_portal;
	return g_strcmp0(s->ask.protocol, "spice") == 0 ? &desktop_spice : &desktop_rfb;
}

Step session_dial(Session *s, GError **error)
{
	if (s->ask.kind == ASK_JOIN && s->backend_id == 0)
		return STEP_WAIT; /* see session_move.c */
	if (s->dial == NULL)
		s->dial = desktop_for(s);
	return s->dial->dial(s, error);
}

Step session_welcome(Session *s, GError **error)
{
	return s->loop->moving ? STEP_NEXT : s->front->welcome(s, error);
}

static const Relay *relay_for(const Session *s)
{
	if (s->ask.kind == ASK_PORTAL)
		return &relay_tunnel;
	return g_strcmp0(s->ask.protocol, "spice") == 0 ? &relay_spice : &relay_rfb;
}

/* Everything that only the handshakes needed goes in one place. */
static void drop_handshake(Session *s)
{
	if (s->front != NULL && s->front->close != NULL)
		s->front->close(s);
	if (s->dial->close != NULL)
		s->dial->close(s);
	s->front = NULL;
	s->dial = NULL;
	endpoint_clear(&s->endpoint);
}

/* Each lease and each user has a rate of its own, each way, wherever their connections are. */
static Throttle *throttle(const Session *s, const char *way)
{
	const Options *o = worker_options(s->worker);
	g_autofree char *lease = g_strdup_printf("%s lease %s", way, s->lease);
	g_autofree char *user = g_strdup_printf("%s user %s", way, s->user);

	return throttle_new(worker_buckets(s->worker), lease, (guint64)o->session_bandwidth * 1024,
			    user, s->user ? (guint64)o->user_bandwidth * 1024 : 0);
}

static void set_throttles(Session *s)
{
	if (s->lease == NULL || worker_buckets(s->worker) == NULL)
		return;
	throttle_free(s->client.throttle);
	throttle_free(s->desktop.throttle);
	s->client.throttle = throttle(s, "up");
	s->desktop.throttle = throttle(s, "down");
}

static void note_start(Session *s)
{
	set_throttles(s);
	session_report_live(s);
	if (s->lease != NULL)
		log_info(&s->log, "started protocol=%s%s%s", s->ask.protocol,
			 s->ask.channel ? " channel=" : "", s->ask.channel ? s->ask.channel : "");
}

static void begin_relay(Session *s)
{
	s->relay = relay_for(s);
	s->loop->relayed = TRUE;
	worker_session_relaying(s->worker, s);
	note_start(s);
}

/* The relay has been running, and goes on with the desktop that was dialled. */
static gboolean resume_relay(Session *s, GError **error)
{
	if (s->loop->returning)
		g_clear_pointer(&s->loop->home, g_free);
	s->loop->moving = s->loop->returning = FALSE;
	g_clear_error(&s->loop->lost);
	if (!s->relay->arrive(s, error))
		return FALSE;
	note_start(s);
	return TRUE;
}

Step session_relay(Session *s, GError **error)
{
	Step step;

	if (s->relay == NULL)
		begin_relay(s);
	else if (s->loop->moving && !resume_relay(s, error))
		return STEP_FAIL;
	step = s->relay->run(s, error);
	if (s->dial != NULL)
		drop_handshake(s);
	return step;
}
