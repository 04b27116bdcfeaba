/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * front_spice: a SPICE viewer's link, one connection per channel. The main channel brings a ticket,
 * or a user and a password (SASL); every other channel names the session that main was told
 * (MAIN_INIT) and brings the same once more. Who brings nothing is asked in a lobby, where the
 * admin allows it.
 *
 * A viewer takes each refusal after its ticket for a wrong password and asks for it again, so only
 * FAULT_DENIED is told there; all else closes.
 */
#include "front/front_spice.h"

#include "front/front_login.h"
#include "secret.h"
#include "spice/spice_link_server.h"
#include "worker.h"

#include <string.h>

typedef struct {
	SpiceLinkServer *server;
	FrontSpiceChannel *channel; /* NULL once the relay has it */
	gboolean welcomed;
} SpiceTalk;

FrontSpiceChannel *front_spice_channel(Session *s)
{
	SpiceTalk *talk = s->talk;

	return talk->channel;
}

FrontSpiceChannel *front_spice_steal_channel(Session *s)
{
	SpiceTalk *talk = s->talk;

	return g_steal_pointer(&talk->channel);
}

void front_spice_channel_free(FrontSpiceChannel *channel)
{
	if (channel == NULL)
		return;
	g_clear_pointer(&channel->display_init, g_bytes_unref);
	g_free(channel);
}

static void spice_close(Session *s)
{
	SpiceTalk *talk = g_steal_pointer(&s->talk);

	if (talk == NULL)
		return;
	spice_link_server_free(talk->server);
	front_spice_channel_free(talk->channel);
	g_free(talk);
}

/* ---- greet */

static Step ask(Session *s, SpiceTalk *talk, GError **error)
{
	const SpiceLinkMess *mess = spice_link_server_mess(talk->server);
	const char *user = "ticket", *ticket = spice_link_server_ticket(talk->server);
	Step step;

	talk->channel = g_new0(FrontSpiceChannel, 1);
	talk->channel->mess = *mess;
	s->ask.protocol = "spice";
	s->ask.channel = g_strdup_printf("%s:%u", spice_link_channel_name(mess->type), mess->id);
	if (ticket == NULL) {
		user = spice_link_server_user(talk->server);
		ticket = spice_link_server_password(talk->server);
	}
	if (*user == '\0')
		user = "ticket"; /* whose name was left empty in a viewer's own question */
	if (strcmp(user, "ticket") == 0 && *ticket == '\0' &&
	    worker_options(s->worker)->spice_lobby) {
		s->ask.kind = ASK_LOBBY;
		s->ask.ticket = secret_dup("");
		step = STEP_NEXT;
	} else {
		step = front_login(s, user, ticket, TRUE, error);
	}
	if (step == STEP_NEXT && mess->connection_id != 0) {
		s->ask.kind = ASK_JOIN;
		s->ask.client_id = mess->connection_id;
		/* The lease knows which desktop it is for. */
		g_clear_pointer(&s->ask.desktop, g_free);
	}
	return step;
}

static Step spice_greet(Session *s, GError **error)
{
	SpiceTalk *talk = s->talk;

	if (talk == NULL) {
		s->talk = talk = g_new0(SpiceTalk, 1);
		talk->server = spice_link_server_new(worker_options(s->worker)->spice_sasl);
	}
	for (;;) {
		SpiceLinkServerEvent event =
			spice_link_server_step(talk->server, &s->client.in, &s->client.out, error);
		Io io;

		if (event == SPICE_LINK_SERVER_FAILED)
			return STEP_FAIL;
		io = peer_flush(&s->client, error);
		if (io != IO_DONE)
			return session_client_io(s, io);
		if (event == SPICE_LINK_SERVER_CREDENTIALS)
			return ask(s, talk, error);
		io = peer_need(&s->client, spice_link_server_needs(talk->server), error);
		if (io != IO_DONE)
			return session_client_io(s, io);
	}
}

/* ---- welcome */

/* The result has a TLS record of its own: a viewer that finds it with a message in one waits for
 * more bytes before it looks at the message. A display channel is welcomed early, by its dial: then
 * this finds nothing left to do. */
static Step spice_welcome(Session *s, GError **error)
{
	SpiceTalk *talk = s->talk;

	if (!talk->welcomed) {
		spice_link_server_accept(talk->server, &s->client.out);
		talk->welcomed = TRUE;
	}
	return session_client_io(s, peer_hand_over(&s->client, error));
}

static void spice_goodbye(Session *s, const GError *error)
{
	SpiceTalk *talk = s->talk;
	Fault code = fault_code(error);
	guint32 link_error = fault_info(code)->spice_link_error;

	if (talk == NULL)
		spice_link_append_error(&s->client.out, link_error);
	else
		spice_link_server_refuse(talk->server, link_error, code == FAULT_DENIED,
					 &s->client.out);
}

const Front front_spice = {
	.name = "spice",
	.greet = spice_greet,
	.welcome = spice_welcome,
	.goodbye = spice_goodbye,
	.close = spice_close,
};
