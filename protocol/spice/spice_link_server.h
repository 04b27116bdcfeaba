/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_link_server: our side of a link that a viewer opens, until we know who it is:
 *
 *   header, mess -> reply -> mechanism -> ticket, or SASL PLAIN -> CREDENTIALS
 *
 * Then the owner asks whether they are good and says accept or refuse. It takes exactly the bytes
 * it names from the viewer, so nothing of what follows is ever read here.
 */
#pragma once

#include "spice_link.h"

typedef struct SpiceLinkServer SpiceLinkServer;

typedef enum {
	SPICE_LINK_SERVER_MORE,        /* wants spice_link_server_needs() bytes            */
	SPICE_LINK_SERVER_CREDENTIALS, /* mess, and ticket or user and password, are there */
	/* error is set (FAULT_CLIENT, FAULT_DENIED, FAULT_CONFIG); refuse is what is left to do */
	SPICE_LINK_SERVER_FAILED,
} SpiceLinkServerEvent;

/* `sasl`: offer user and password to viewers that know SASL. */
SpiceLinkServer *spice_link_server_new(gboolean sasl);
void spice_link_server_free(SpiceLinkServer *server); /* accepts NULL; wipes what is secret */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpiceLinkServer, spice_link_server_free)

/* How many bytes the next step needs in `in`; 0 once the credentials are there. */
gsize spice_link_server_needs(const SpiceLinkServer *server);

/* Consumes what it can from `in` (secrets are wiped there) and appends answers to `out`. */
SpiceLinkServerEvent spice_link_server_step(SpiceLinkServer *server, Buffer *in, Buffer *out,
					    GError **error);

/* What the viewer said; zeroed before it did. */
const SpiceLinkMess *spice_link_server_mess(const SpiceLinkServer *server);

/* The credentials, owned by the server: a ticket ("" if the viewer has none), or, with SASL, ticket
 * NULL and user and password. */
const char *spice_link_server_ticket(const SpiceLinkServer *server);
const char *spice_link_server_user(const SpiceLinkServer *server);
const char *spice_link_server_password(const SpiceLinkServer *server);

/* Lets the viewer in; only after CREDENTIALS. What is appended must leave in a TLS record of its
 * own, before any message. */
void spice_link_server_accept(SpiceLinkServer *server, Buffer *out);

/*
 * Says no, in any state: before the reply with a link error (`code`, never 5), which viewers show
 * as "unable to connect"; after the credentials, if `denied`, with PERMISSION_DENIED, at which they
 * ask for the password again. In all other states there is nothing that a viewer would understand,
 * and nothing is appended: close.
 */
void spice_link_server_refuse(SpiceLinkServer *server, guint32 code, gboolean denied, Buffer *out);
