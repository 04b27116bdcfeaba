/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_link_client: see spice_link_client.h. */
#include "spice_link_client.h"

#include "reader.h"
#include "secret.h"
#include "spice_ticket.h"

typedef enum {
	AT_HEADER,
	AT_REPLY,
	AT_RESULT,
	AT_READY,
} State;

struct SpiceLinkClient {
	State state;
	gsize needs;
	char *password; /* secret */
	GBytes *first;  /* NULL = none */
	SpiceLinkReply reply;
	guint32 refusal;
};

SpiceLinkClient *spice_link_client_new(const SpiceLinkMess *mess, const char *password,
				       const void *first, gsize n, Buffer *out)
{
	SpiceLinkClient *client = g_new0(SpiceLinkClient, 1);

	client->needs = SPICE_LINK_HEADER;
	client->password = secret_dup(password);
	if (first != NULL)
		client->first = g_bytes_new(first, n);
	spice_link_append_mess(out, mess);
	return client;
}

void spice_link_client_free(SpiceLinkClient *client)
{
	if (client == NULL)
		return;
	secret_free(client->password);
	g_clear_pointer(&client->first, g_bytes_unref);
	g_free(client);
}

gsize spice_link_client_needs(const SpiceLinkClient *client)
{
	return client->needs;
}

const SpiceLinkReply *spice_link_client_reply(const SpiceLinkClient *client)
{
	return &client->reply;
}

guint32 spice_link_client_refusal(const SpiceLinkClient *client)
{
	return client->refusal;
}

static gboolean go(SpiceLinkClient *client, State state, gsize needs)
{
	client->state = state;
	client->needs = needs;
	return TRUE;
}

static gboolean reply_check(const SpiceLinkReply *reply, GError **error)
{
	/* Selection, tickets and mini headers: everything since 2011, without SASL alone. */
	guint32 needed = SPICE_LINK_AUTH_SELECTION | SPICE_LINK_AUTH_SPICE | SPICE_LINK_MINI_HEADER;

	if (reply->error != SPICE_LINK_OK)
		g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop refuses the SPICE link (%u)",
			    reply->error);
	else if ((reply->common & needed) != needed)
		g_set_error(error, FAULT, FAULT_DESKTOP,
			    "the desktop's SPICE server lacks tickets or mini headers (0x%x)",
			    reply->common);
	else
		return TRUE;
	return FALSE;
}

static gboolean take_reply(SpiceLinkClient *client, const guint8 *bytes, Buffer *out,
			   GError **error)
{
	guint8 cipher[SPICE_TICKET_BYTES];

	if (!spice_link_reply(bytes, client->needs, &client->reply, error))
		return FALSE;
	client->refusal = client->reply.error;
	if (!reply_check(&client->reply, error) ||
	    !spice_ticket_seal(client->reply.key, client->password, cipher, error))
		return FALSE;
	buffer_append_u32le(out, SPICE_LINK_MECHANISM_SPICE);
	buffer_append(out, cipher, sizeof cipher);
	if (client->first != NULL) {
		gsize n;
		gconstpointer first = g_bytes_get_data(client->first, &n);

		buffer_append(out, first, n);
	}
	return go(client, AT_RESULT, 4);
}

static gboolean take_result(SpiceLinkClient *client, guint32 result, GError **error)
{
	if (result == SPICE_LINK_OK)
		return go(client, AT_READY, 0);
	client->refusal = result;
	g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop refuses the SPICE ticket (%u)",
		    result);
	return FALSE;
}

/* One state's bytes: exactly client->needs of them. */
static gboolean take(SpiceLinkClient *client, const guint8 *bytes, Buffer *out, GError **error)
{
	guint32 size;
	Reader r;

	reader_init(&r, bytes, client->needs);
	switch (client->state) {
	case AT_HEADER:
		return spice_link_header(bytes, SPICE_LINK_REPLY, FAULT_DESKTOP, &size, error) &&
		       go(client, AT_REPLY, size);
	case AT_REPLY: return take_reply(client, bytes, out, error);
	case AT_RESULT: return take_result(client, reader_u32le(&r), error);
	case AT_READY: break;
	}
	g_assert_not_reached();
}

SpiceLinkClientEvent spice_link_client_step(SpiceLinkClient *client, Buffer *in, Buffer *out,
					    GError **error)
{
	while (client->state < AT_READY) {
		gsize n = client->needs;

		if (buffer_length(in) < n)
			return SPICE_LINK_CLIENT_MORE;
		if (!take(client, buffer_bytes(in), out, error))
			return SPICE_LINK_CLIENT_FAILED;
		buffer_consume(in, n);
	}
	return SPICE_LINK_CLIENT_READY;
}
