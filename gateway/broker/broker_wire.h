/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * broker_wire: messages to and from the broker over one connection, with the descriptors that come
 * with them. It knows no request and no answer: that is broker_link.h's. Embedded: zeroed memory
 * with fd -1 is one without a connection; whoever sets fd closes it.
 */
#pragma once

#include "buffer.h"
#include "control/control.h"

typedef struct {
	int fd; /* -1 = none */
	Buffer in;
	Buffer out;
	GQueue fds; /* received, in the order of the messages that name them */
} BrokerWire;

/* What is left to send goes as far as it can. FALSE: the socket is broken. */
gboolean broker_wire_flush(BrokerWire *wire);
/* The same, with these bytes behind it. */
gboolean broker_wire_send(BrokerWire *wire, const GByteArray *bytes);
/* What is left to send is wiped; and: all that is under way, both ways. */
void broker_wire_take_back(BrokerWire *wire);
void broker_wire_drop(BrokerWire *wire);

/* Receives once; as recv() does. BROKER_WIRE_CHUNK bytes: there may be more. */
#define BROKER_WIRE_CHUNK 4096
ssize_t broker_wire_receive(BrokerWire *wire);
/* The next message that has come whole; out: zeroed. Its length, 0 = there is none yet, -1 = what
 * came is none. */
gssize broker_wire_next(BrokerWire *wire, ControlMessage *out, GError **error);
/* The descriptor of the message that names one, -1 if it did not come; the caller's. */
int broker_wire_take_fd(BrokerWire *wire);
