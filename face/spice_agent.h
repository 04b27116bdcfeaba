/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_agent: as much of a guest's agent as a face needs (spice-protocol, vd_agent.h): with one
 * there, a client tells how large its window is and lends its clipboard. Bytes in, bytes out; no
 * sockets. The sizes of windows libspice-server takes out itself.
 */
#pragma once

#include <glib.h>

typedef struct SpiceAgent SpiceAgent;

/* The client's clipboard, valid until return. */
typedef void (*SpiceAgentClipboard)(gpointer owner, const char *text);

SpiceAgent *spice_agent_new(SpiceAgentClipboard clipboard, gpointer owner);
void spice_agent_free(SpiceAgent *agent);

/* What the client said, cut anywhere. A message longer than a clipboard may be is passed over; what
 * is asked by one that leaves three texts' worth where they are is not answered. */
void spice_agent_take(SpiceAgent *agent, const void *bytes, gsize n);

/* What there is to say, at most n bytes: moved to `to`. */
gsize spice_agent_give(SpiceAgent *agent, void *to, gsize n);

/* Offers a text to the client. */
void spice_agent_offer(SpiceAgent *agent, const char *text);

/* The client is another one, or gone. */
void spice_agent_reset(SpiceAgent *agent);
