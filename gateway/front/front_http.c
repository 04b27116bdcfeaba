/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * front_http: reads the one request head that a connection has and decides: a WebSocket to a
 * desktop is served here, a CONNECT becomes a fresh start inside (its target is never dialled), and
 * everything else goes to the broker untouched.
 */
#include "http/head.h"
#include "http/ws.h"
#include "net/stream_tls.h"
#include "net/stream_ws.h"
#include "session/session_loop.h"

#include <string.h>

#define TICKET_MAX 64

typedef struct {
	Head head;
	gboolean parsed;
	gboolean answered; /* 200 to a CONNECT is on its way */
	char *upgrade;     /* the 101 answer of a WebSocket */
	char *redirect;    /* where a plain request should go */
} HttpTalk;

static void http_close(Session *s)
{
	HttpTalk *talk = s->talk;

	if (talk == NULL)
		return;
	head_clear(&talk->head);
	g_free(talk->upgrade);
	g_free(talk->redirect);
	g_free(talk);
	s->talk = NULL;
}

/* ---- greet */

static Step read_head(Session *s, HttpTalk *talk, GError **error)
{
	for (;;) {
		gsize have = buffer_length(&s->client.in);
		gssize n = have ? head_parse(&talk->head, buffer_bytes(&s->client.in), have, error)
				: 0;
		Io io;

		if (n < 0)
			return STEP_FAIL;
		if (n > 0) {
			talk->parsed = TRUE;
			return STEP_NEXT;
		}
		io = peer_read(&s->client, HEAD_MAX - have, error);
		if (io != IO_DONE)
			return session_client_io(s, io);
	}
}

/* The target of a CONNECT is a routing token at most: what follows inside is sniffed like a fresh
 * connection and needs a ticket like one. So this is no open relay. */
static Step greet_connect(Session *s, HttpTalk *talk, GError **error)
{
	static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	Io io;

	if (s->tunnelled) {
		g_set_error(error, FAULT, FAULT_CLIENT, "a CONNECT inside a CONNECT");
		return STEP_FAIL;
	}
	if (!talk->answered) {
		buffer_consume(&s->client.in, talk->head.length);
		if (buffer_length(&s->client.in) > 0) {
			g_set_error(error, FAULT, FAULT_CLIENT,
				    "bytes after CONNECT, before its answer");
			return STEP_FAIL;
		}
		buffer_append(&s->client.out, yes, sizeof yes - 1);
		talk->answered = TRUE;
	}
	io = peer_flush(&s->client, error);
	if (io == IO_DONE)
		s->tls_inside = TRUE;
	return session_client_io(s, io);
}

/* A browser has its tickets of TLS from pages, and each is good for once. Who comes to a desktop
 * without one is a program, or has met another worker: seldom would it come back with ours. */
static Step greet_websocket(Session *s, HttpTalk *talk, GError **error)
{
	stream_tls_renew_ticket(s->client.stream);
	if (!ws_origin_ok(&talk->head, worker_options(s->worker)->origins)) {
		g_set_error(error, FAULT, FAULT_DENIED,
			    "a WebSocket from a page of another site (oriel.conf: origins)");
		return STEP_FAIL;
	}
	talk->upgrade = ws_accept(&talk->head, error);
	if (talk->upgrade == NULL)
		return STEP_FAIL;
	buffer_consume(&s->client.in, talk->head.length);
	if (buffer_length(&s->client.in) > 0) {
		g_set_error(error, FAULT, FAULT_CLIENT, "frames before the WebSocket's answer");
		return STEP_FAIL;
	}
	s->ask.ticket = head_query(&talk->head, "token", TICKET_MAX);
	if (s->ask.ticket == NULL) {
		g_set_error(error, FAULT, FAULT_DENIED, "a WebSocket without a ticket");
		return STEP_FAIL;
	}
	s->ask.kind = ASK_TICKET;
	s->ask.protocol = "web";
	return STEP_NEXT;
}

/* The head stays in client.in and goes to the broker as it came. */
static Step greet_portal(Session *s)
{
	stream_tls_offer_ticket(s->client.stream);
	s->ask.kind = ASK_PORTAL;
	s->ask.protocol = "portal";
	return STEP_NEXT;
}

/* Where plain HTTP is told to go. Only a Host of harmless characters is repeated. */
static void set_redirect(HttpTalk *talk)
{
	const char *host = head_header(&talk->head, "Host");

	if (host != NULL && *host != '\0' && strlen(host) < 256 && talk->head.path != NULL &&
	    talk->head.path[0] == '/' &&
	    strspn(host, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-._:[]") == strlen(host))
		talk->redirect = g_strconcat("https://", host, talk->head.path, NULL);
}

static Step http_greet(Session *s, GError **error)
{
	HttpTalk *talk = s->talk;
	Step step;

	if (talk == NULL)
		s->talk = talk = g_new0(HttpTalk, 1);
	if (!talk->parsed) {
		step = read_head(s, talk, error);
		if (step != STEP_NEXT)
			return step;
	}
	if (g_str_equal(talk->head.method, "CONNECT"))
		return greet_connect(s, talk, error);
	if (!stream_is_tls(s->client.stream)) {
		set_redirect(talk);
		g_set_error(error, FAULT, FAULT_CLIENT, "HTTP without TLS");
		return STEP_FAIL;
	}
	return g_strcmp0(talk->head.path, "/websockify") == 0 ? greet_websocket(s, talk, error)
							      : greet_portal(s);
}

/* ---- welcome */

/* The upgrade's answer is written before the stream changes: it is the last HTTP on this
 * connection. It leaves with the first frame. */
static Io upgrade(Session *s, GError **error)
{
	HttpTalk *talk = s->talk;
	Io io;

	g_assert(talk != NULL);
	if (!talk->answered) {
		buffer_append(&s->client.out, talk->upgrade, strlen(talk->upgrade));
		talk->answered = TRUE;
	}
	io = peer_hand_over(&s->client, error);
	if (io != IO_DONE)
		return io;
	s->client.stream = stream_ws_new(s->client.stream);
	http_close(s);
	s->front = &front_rfb;
	return IO_DONE;
}

static Step http_welcome(Session *s, GError **error)
{
	Io io;

	if (s->ask.kind == ASK_PORTAL)
		return STEP_NEXT;
	io = upgrade(s, error);
	return io == IO_DONE ? s->front->welcome(s, error) : session_client_io(s, io);
}

/* ---- goodbye */

static const char *status_text(unsigned status)
{
	switch (status) {
	case 308: return "Permanent Redirect";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 410: return "Gone";
	case 502: return "Bad Gateway";
	case 503: return "Service Unavailable";
	case 504: return "Gateway Timeout";
	default: return "Internal Server Error";
	}
}

/* A person gets a page, a program the API's JSON. The words are ours: nothing needs escaping. A
 * broker that is away comes back: a terminal's screen, where nobody can ask for the page again,
 * then has it by itself. */
static char *body_for(const HttpTalk *talk, Fault code, const char **out_type)
{
	const FaultInfo *info = fault_info(code);

	if (talk != NULL && talk->parsed && head_lists(&talk->head, "Accept", "text/html")) {
		*out_type = "text/html; charset=utf-8";
		return g_strdup_printf(
			"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
			"<meta name=\"color-scheme\" content=\"light dark\">"
			"<meta name=\"viewport\" content=\"width=device-width\">%s"
			"<title>Oriel</title><h1>Oriel</h1><p>%s</p>"
			"<p><a href=\"/\">Try again</a></p></html>\n",
			code == FAULT_BROKER ? "<meta http-equiv=\"refresh\" content=\"10; url=/\">"
					     : "",
			info->words);
	}
	*out_type = "application/json";
	return g_strdup_printf("{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}\n", info->name,
			       info->words);
}

/* As the broker has it on its answers, but a goodbye shows nothing and asks for nothing. */
#define SECURITY_HEADERS                                                                     \
	"Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'\r\n"                                                         \
	"X-Content-Type-Options: nosniff\r\n"                                                \
	"Referrer-Policy: no-referrer\r\n"                                                   \
	"Cross-Origin-Opener-Policy: same-origin\r\n"                                        \
	"Cross-Origin-Resource-Policy: same-origin\r\n"
/* Means nothing without TLS, RFC 6797, 7.2. */
#define STRICT_TRANSPORT "Strict-Transport-Security: max-age=31536000\r\n"

static void http_goodbye(Session *s, const GError *error)
{
	HttpTalk *talk = s->talk;
	const FaultInfo *info = fault_info(fault_code(error));
	gboolean redirect = talk != NULL && talk->redirect != NULL;
	unsigned status = redirect ? 308 : info->http_status;
	const char *type;
	g_autofree char *body = NULL;
	g_autofree char *head = NULL;

	if (talk != NULL && talk->answered)
		return; /* a 200 or 101 is out: HTTP has no more words */
	/* The ticket was good, so this is a person before noVNC: it shows what RFB says, and
	 * nothing of a refused upgrade. */
	if (s->lease != NULL && upgrade(s, NULL) == IO_DONE) {
		s->front->goodbye(s, error);
		return;
	}
	if (talk != NULL && talk->answered)
		return; /* the 101 is on its way, or did not get through */
	body = body_for(talk, fault_code(error), &type);
	head = g_strdup_printf(
		"HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %" G_GSIZE_FORMAT
		"\r\nConnection: close\r\nCache-Control: no-store\r\n" SECURITY_HEADERS
		"%s%s%s%s%s\r\n",
		status, status_text(status), type, strlen(body),
		stream_is_tls(s->client.stream) ? STRICT_TRANSPORT : "",
		status == 503 ? "Retry-After: 5\r\n" : "", redirect ? "Location: " : "",
		redirect ? talk->redirect : "", redirect ? "\r\n" : "");
	buffer_append(&s->client.out, head, strlen(head));
	buffer_append(&s->client.out, body, strlen(body));
}

const Front front_http = {
	.name = "http",
	.greet = http_greet,
	.welcome = http_welcome,
	.goodbye = http_goodbye,
	.close = http_close,
};
