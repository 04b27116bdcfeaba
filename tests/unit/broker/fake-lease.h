/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake-lease: what a gateway says of one lease, and what the broker says and writes down of it.
 */
#pragma once

#include "fake-gateway.h"

/* The request that redeems it; borrows from it. */
ControlMessage lease_redeem(const Ticket *ticket, const char *protocol);
/* A lease of anna's in pool "lab"; the ticket and the answer are the caller's. */
Ticket *lease_open(CoreFixture *f, Gateway *g, const char *protocol, ControlMessage *lease);

void lease_started(Gateway *g, const ControlMessage *lease);
/* The same, and returns once the broker has read it: notices and links go in their order. */
void lease_started_for_sure(Gateway *g, const ControlMessage *lease);
/* `channel` NULL: the session's own end. */
void lease_ended(Gateway *g, const ControlMessage *lease, const char *channel, guint64 in,
		 guint64 out);
void lease_ended_again(Gateway *g, const ControlMessage *lease, guint64 in, guint64 out);

/* The next word of the broker is that lease's end, for that reason. */
void lease_expect_end(Gateway *g, const char *lease, const char *reason);
/* Waits until it is the one live session: its gateway's word that it has its picture was heard. */
void lease_await_live(CoreFixture *f, const char *id);
/* The row of a session once it has ended; waits 10 s at most. */
SessionView *lease_await_ended(CoreFixture *f, const char *id);
/* There is one line of a session's end in the audit log, that one. */
void lease_assert_audited(CoreFixture *f, const char *lease, const char *reason, guint64 out);
