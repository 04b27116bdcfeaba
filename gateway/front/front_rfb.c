/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * front_rfb: a VNC viewer. A native one is greeted first of all (an RFB server speaks first),
 * upgrades to TLS inside the protocol (VeNCrypt) and brings a name with a password, or a ticket;
 * or, where the admin allows it, neither: then a person signs in at a lobby. One that knows no TLS
 * at all comes as far as that, too, if the admin has given such viewers a password (vnc_password).
 * A browser's viewer has shown its ticket on the way in: it meets us only for the welcome, on its
 * WebSocket, and needs no more security.
 *
 * The verdict on a login is kept back until the desktop is there: so whatever fails on the way can
 * be told to the person in the viewer's own words.
 */
#include "desktop/desktop_rfb.h"
#include "front/front_login.h"
#include "rfb/rfb_server.h"
#include "worker.h"

#include <string.h>

static void rfb_close(Session *s)
{
	RfbServer *server = g_steal_pointer(&s->talk);

	if (server == NULL)
		return;
	rfb_server_clear(server);
	g_free(server);
}

static RfbServer *begin(Session *s, RfbServerMode mode)
{
	RfbServer *server = g_new(RfbServer, 1);

	rfb_server_init(server, mode);
	if (mode == RFB_SERVER_LOBBY)
		server->vnc_password = worker_vnc_password(s->worker);
	s->talk = server;
	return server;
}

/* Sends what is to be sent, and waits for what the handshake needs next. */
static Step exchange(Session *s, const RfbServer *server, GError **error)
{
	Io io = peer_flush(&s->client, error);

	if (io == IO_DONE)
		io = peer_need(&s->client, rfb_server_need(server), error);
	return session_client_io(s, io);
}

static Step start_tls(Session *s, RfbServer *server, GError **error)
{
	Step step = session_client_io(s, peer_flush(&s->client, error));

	if (step == STEP_NEXT)
		step = session_start_tls(s, TRUE, error);
	if (step == STEP_NEXT)
		rfb_server_secured(server);
	return step;
}

static Step rfb_greet(Session *s, GError **error)
{
	const Options *o = worker_options(s->worker);
	RfbServerMode mode = o->vnc_lobby ? RFB_SERVER_LOBBY : RFB_SERVER_VENCRYPT;
	RfbServer *server = s->talk ? s->talk : begin(s, mode);
	Step step;

	do {
		switch (rfb_server_step(server, &s->client.in, &s->client.out, error)) {
		case RFB_MORE: step = exchange(s, server, error); break;
		case RFB_START_TLS: step = start_tls(s, server, error); break;
		case RFB_CREDENTIALS:
			s->ask.protocol = "vnc";
			/* Most viewers cannot choose; but an empty name can be given in each. */
			if (!server->nobody && (*server->user != '\0' || !o->vnc_lobby))
				return front_login(s, server->user, server->password, o->vnc_login,
						   error);
			s->ask.kind = ASK_LOBBY;
			return STEP_NEXT;
		default: return STEP_FAIL;
		}
	} while (step == STEP_NEXT);
	return step;
}

/* With the name that people know, if the broker gave one; else what the desktop calls itself. */
static void let_in(Session *s, RfbServer *server)
{
	const RfbClient *desktop = desktop_rfb_client(s);
	const char *name = s->desktop_name && *s->desktop_name ? s->desktop_name : desktop->name;

	rfb_server_accept(server, desktop->width, desktop->height, name, &s->client.out);
}

static Step rfb_welcome(Session *s, GError **error)
{
	RfbServer *server = s->talk ? s->talk : begin(s, RFB_SERVER_NONE);
	Step step;

	do {
		switch (rfb_server_step(server, &s->client.in, &s->client.out, error)) {
		case RFB_CREDENTIALS:
			let_in(s, server);
			step = STEP_NEXT;
			break;
		case RFB_READY: return STEP_NEXT;
		case RFB_MORE: step = exchange(s, server, error); break;
		default: return STEP_FAIL;
		}
	} while (step == STEP_NEXT);
	return step;
}

static void rfb_goodbye(Session *s, const GError *error)
{
	RfbServer *server = s->talk ? s->talk : begin(s, RFB_SERVER_NONE);
	g_autofree char *words = front_login_words(s, error);

	/* TigerVNC's window is as wide as the longest line: each sentence has its own. */
	for (char *end = words; (end = strstr(end, ". ")) != NULL;)
		end[1] = '\n';
	rfb_server_refuse(server, words, &s->client.out);
}

const Front front_rfb = {
	.name = "rfb",
	.greet = rfb_greet,
	.welcome = rfb_welcome,
	.goodbye = rfb_goodbye,
	.close = rfb_close,
};
