/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * broker_link: the gateway's end of the control socket (protocol/control/control.h). One per
 * worker. Connects by itself and comes back by itself after the broker was away; sessions that
 * are already relaying do not notice.
 */
#pragma once

#include "broker/dialer.h"
#include "control/control.h"

#include <uv.h>

typedef struct BrokerLink BrokerLink;

/* The answer to request `id`, or (message NULL) `error`. `fd` is the endpoint's descriptor or -1;
 * the callee takes it. */
typedef void (*BrokerAnswer)(gpointer data, guint64 id, const ControlMessage *message, int fd,
			     const GError *error);
typedef struct {
	BrokerAnswer answer;
	/* Instead of an answer: the broker went away with request `id`, and nobody knows what it
	 * has made of it. */
	void (*lost)(gpointer data, guint64 id, const GError *error);
	/* The broker wants every connection of this lease closed. */
	void (*end)(gpointer data, const ControlMessage *message);
	/* The broker moves the session of message->lease to another desktop; fd as above. */
	void (*move)(gpointer data, const ControlMessage *message, int fd);
	/* The main SPICE channel of the viewer whose bond has the name message->bond has moved. */
	void (*follow)(gpointer data, const ControlMessage *message);
	/* The broker has said ok to our hello; `again` if this is not the first time. */
	void (*up)(gpointer data, gboolean again);
} BrokerLinkCalls;

/* Starts connecting, through the dialer, which it borrows; the name is copied and must be
 * different for every worker process. */
BrokerLink *broker_link_new(uv_loop_t *loop, Dialer *dialer, const char *name,
			    const BrokerLinkCalls *calls, gpointer data);

/* Sends a request; fills in message->id, which the answer repeats. While the broker is away
 * requests wait for it, ten seconds at most; FALSE with FAULT_BROKER if too many do. Every accepted
 * request is answered, if need be with FAULT_BROKER, but for one that was sent to a broker that
 * then goes away: that is lost at once, and whoever made it knows whether it can be made again. */
gboolean broker_link_request(BrokerLink *link, ControlMessage *message, GError **error);

/* Takes a request back that still waits to be sent: no answer comes. FALSE if it is none
 * of those. */
gboolean broker_link_cancel(BrokerLink *link, guint64 id);

/* Sends a notice. The end of a session is told until the broker has acknowledged it, also to the
 * one that comes after it; other notices are dropped while it is away, since `up` is the moment to
 * say what is true by then. */
void broker_link_notify(BrokerLink *link, ControlMessage *message);

gboolean broker_link_is_up(const BrokerLink *link);

/* Closes; no callback comes after this. The memory goes when the loop has closed its handles. */
void broker_link_close(BrokerLink *link);
