/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_link_client: our side of a link towards a desktop's SPICE server:
 *
 *   header, mess -> reply -> mechanism, ticket -> result
 *
 * It takes exactly the bytes it names from the desktop, so messages behind the result stay where
 * they are.
 */
#pragma once

#include "spice_link.h"

typedef struct SpiceLinkClient SpiceLinkClient;

typedef enum {
	SPICE_LINK_CLIENT_MORE,   /* wants spice_link_client_needs() bytes     */
	SPICE_LINK_CLIENT_READY,  /* linked: messages from here on             */
	SPICE_LINK_CLIENT_FAILED, /* error is set (FAULT_DESKTOP, FAULT_CONFIG) */
} SpiceLinkClientEvent;

/*
 * Appends header and mess to `out`. The password (NULL = none) is copied. `first`, NULL or n bytes
 * that are copied too, goes out together with the ticket, so that a server which lets us in has it
 * at once: libspice-server 0.15.1 crashes if a display channel's first message never comes.
 */
SpiceLinkClient *spice_link_client_new(const SpiceLinkMess *mess, const char *password,
				       const void *first, gsize n, Buffer *out);
void spice_link_client_free(SpiceLinkClient *client); /* accepts NULL; wipes the password */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpiceLinkClient, spice_link_client_free)

/* How many bytes the next step needs in `in`; 0 once linked. */
gsize spice_link_client_needs(const SpiceLinkClient *client);

/* Consumes what it can from `in` and appends answers to `out`. */
SpiceLinkClientEvent spice_link_client_step(SpiceLinkClient *client, Buffer *in, Buffer *out,
					    GError **error);

/* After FAILED: the code with which the desktop refused; 0 if it was something else. */
guint32 spice_link_client_refusal(const SpiceLinkClient *client);

/* The desktop's reply, once it came: its capabilities may be less than those we promised. */
const SpiceLinkReply *spice_link_client_reply(const SpiceLinkClient *client);
