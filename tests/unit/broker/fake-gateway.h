/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-gateway: a gateway's end of the control socket, for tests: real bytes and descriptors. What
 * cannot be aborts. */
#pragma once

#include "buffer.h"
#include "control/control.h"
#include "core-fixture.h"

typedef struct {
	int fd;
	Buffer in;
	int received_fd;       /* the last one, -1 = none */
	unsigned acknowledged; /* ends of sessions */
} Gateway;

#define OF_ENDED 1000 /* the id of every end that is told */

void gateway_connect(Gateway *gateway, CoreFixture *f);
/* Connects and says hello. */
void gateway_hello(Gateway *gateway, CoreFixture *f);
/* The same, by a process of its own. */
void gateway_hello_elsewhere(Gateway *gateway, CoreFixture *f);
void gateway_close(Gateway *gateway);

void gateway_send(Gateway *gateway, const ControlMessage *message);
/* The next message; FALSE when the broker hung up. Waits 60 s at most. */
gboolean gateway_receive(Gateway *gateway, ControlMessage *out);

/* The descriptor that came last is the caller's; what is read of it is waited for half a minute. */
int gateway_take_fd(Gateway *gateway);

/* Sends and takes the answer. */
void ask(Gateway *gateway, ControlMessage *request, ControlMessage *answer);
void ask_refused(Gateway *gateway, ControlMessage *request, const char *fault);

/* The first login of a viewer from 192.0.2.1. */
ControlMessage login_of(const char *user, const char *password, const char *desktop);
