/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_link_server: see spice_link_server.h. */
#include "spice_link_server.h"

#include "reader.h"
#include "secret.h"
#include "spice_sasl.h"
#include "spice_ticket.h"

#include <string.h>

typedef enum {
	AT_HEADER,
	AT_MESS,
	AT_MECHANISM,
	AT_TICKET,
	AT_SASL_CHOICE,
	AT_SASL_SIZE,
	AT_SASL_DATA,
	AT_CREDENTIALS,
	AT_END, /* accepted, refused or failed where no answer is understood */
} State;

struct SpiceLinkServer {
	State state;
	gboolean sasl;
	gsize needs;
	SpiceLinkMess mess;
	char *ticket;   /* secret */
	char *user;     /* of a person, wiped like a secret */
	char *password; /* secret */
};

SpiceLinkServer *spice_link_server_new(gboolean sasl)
{
	SpiceLinkServer *server = g_new0(SpiceLinkServer, 1);

	server->sasl = sasl;
	server->needs = SPICE_LINK_HEADER;
	return server;
}

void spice_link_server_free(SpiceLinkServer *server)
{
	if (server == NULL)
		return;
	secret_free(server->ticket);
	secret_free(server->user);
	secret_free(server->password);
	g_free(server);
}

gsize spice_link_server_needs(const SpiceLinkServer *server)
{
	return server->needs;
}

const SpiceLinkMess *spice_link_server_mess(const SpiceLinkServer *server)
{
	return &server->mess;
}

const char *spice_link_server_ticket(const SpiceLinkServer *server)
{
	return server->ticket;
}

const char *spice_link_server_user(const SpiceLinkServer *server)
{
	return server->user;
}

const char *spice_link_server_password(const SpiceLinkServer *server)
{
	return server->password;
}

static gboolean go(SpiceLinkServer *server, State state, gsize needs)
{
	server->state = state;
	server->needs = needs;
	return TRUE;
}

static gboolean mess_check(const SpiceLinkMess *mess, GError **error)
{
	guint32 needed = SPICE_LINK_AUTH_SELECTION | SPICE_LINK_MINI_HEADER;

	if (spice_link_channel_name(mess->type) == NULL)
		g_set_error(error, FAULT, FAULT_CLIENT, "unknown SPICE channel type %u",
			    mess->type);
	else if ((mess->common & needed) != needed)
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "the viewer is too old: SPICE capabilities 0x%x", mess->common);
	else if ((mess->type == SPICE_CHANNEL_MAIN) != (mess->connection_id == 0))
		g_set_error(error, FAULT, FAULT_CLIENT, "SPICE channel %s with connection id %u",
			    spice_link_channel_name(mess->type), mess->connection_id);
	else
		return TRUE;
	return FALSE;
}

static gboolean take_mess(SpiceLinkServer *server, const guint8 *bytes, Buffer *out, GError **error)
{
	SpiceLinkReply reply = {.error = SPICE_LINK_OK};
	const guint8 *key = spice_ticket_key(error);

	if (key == NULL || !spice_link_mess(bytes, server->needs, &server->mess, error) ||
	    !mess_check(&server->mess, error))
		return FALSE;
	memcpy(reply.key, key, sizeof reply.key);
	spice_link_offer(&server->mess, server->sasl, &reply);
	spice_link_append_reply(out, &reply);
	return go(server, AT_MECHANISM, 4);
}

static gboolean take_mechanism(SpiceLinkServer *server, guint32 mechanism, Buffer *out,
			       GError **error)
{
	/* A viewer that knows no SASL was not offered it, but may still ask: it does no harm. */
	if (mechanism == SPICE_LINK_MECHANISM_SASL && server->sasl) {
		spice_sasl_append_list(out);
		return go(server, AT_SASL_CHOICE, SPICE_SASL_NAME);
	}
	if (mechanism == SPICE_LINK_MECHANISM_SPICE)
		return go(server, AT_TICKET, SPICE_TICKET_BYTES);
	g_set_error(error, FAULT, FAULT_CLIENT, "unknown SPICE login mechanism %u", mechanism);
	return FALSE;
}

static gboolean take_sasl_size(SpiceLinkServer *server, guint32 size, GError **error)
{
	if (size > 0 && size <= SPICE_SASL_DATA_MAX)
		return go(server, AT_SASL_DATA, size);
	g_set_error(error, FAULT, FAULT_CLIENT, "SASL PLAIN of %u bytes", size);
	return FALSE;
}

static gboolean take_sasl_data(SpiceLinkServer *server, const guint8 *bytes, GError **error)
{
	gsize n = server->needs;

	/* From here on a refusal is understood, that of a missing name too. */
	go(server, AT_CREDENTIALS, 0);
	return spice_sasl_plain(bytes, n, &server->user, &server->password, error);
}

/* One state's bytes: exactly server->needs of them. */
static gboolean take(SpiceLinkServer *server, const guint8 *bytes, Buffer *out, GError **error)
{
	guint32 size;
	Reader r;

	reader_init(&r, bytes, server->needs);
	switch (server->state) {
	case AT_HEADER:
		return spice_link_header(bytes, SPICE_LINK_MESS, FAULT_CLIENT, &size, error) &&
		       go(server, AT_MESS, size);
	case AT_MESS: return take_mess(server, bytes, out, error);
	case AT_MECHANISM: return take_mechanism(server, reader_u32le(&r), out, error);
	case AT_TICKET:
		server->ticket = spice_ticket_open(bytes);
		return go(server, AT_CREDENTIALS, 0);
	case AT_SASL_CHOICE: return spice_sasl_choice(bytes, error) && go(server, AT_SASL_SIZE, 4);
	case AT_SASL_SIZE: return take_sasl_size(server, reader_u32le(&r), error);
	case AT_SASL_DATA: return take_sasl_data(server, bytes, error);
	case AT_CREDENTIALS:
	case AT_END: break;
	}
	g_assert_not_reached();
}

SpiceLinkServerEvent spice_link_server_step(SpiceLinkServer *server, Buffer *in, Buffer *out,
					    GError **error)
{
	while (server->state < AT_CREDENTIALS) {
		gsize n = server->needs;
		gboolean taken;

		if (buffer_length(in) < n)
			return SPICE_LINK_SERVER_MORE;
		taken = take(server, buffer_bytes(in), out, error);
		secret_wipe(buffer_bytes(in), n);
		buffer_consume(in, n);
		if (!taken)
			return SPICE_LINK_SERVER_FAILED;
	}
	return SPICE_LINK_SERVER_CREDENTIALS;
}

void spice_link_server_accept(SpiceLinkServer *server, Buffer *out)
{
	g_assert(server->state == AT_CREDENTIALS);
	if (server->ticket != NULL)
		buffer_append_u32le(out, SPICE_LINK_OK);
	else
		spice_sasl_append_result(out, SPICE_LINK_OK);
	server->state = AT_END;
}

void spice_link_server_refuse(SpiceLinkServer *server, guint32 code, gboolean denied, Buffer *out)
{
	if (server->state <= AT_MESS)
		spice_link_append_error(out, code);
	else if (server->state == AT_CREDENTIALS && denied && server->ticket != NULL)
		buffer_append_u32le(out, SPICE_LINK_PERMISSION_DENIED);
	else if (server->state == AT_CREDENTIALS && denied)
		spice_sasl_append_result(out, SPICE_LINK_PERMISSION_DENIED);
	go(server, AT_END, 0);
}
