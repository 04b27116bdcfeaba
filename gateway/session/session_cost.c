/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_cost: what a session costs is held against what it moves. Who keeps us busy with nothing
 * (frames without payload, a byte at a time) has used up its credit soon, and then has to wait. A
 * thirty-second of all time is everybody's, whatever it is for, and saved up to CREDIT_NS; the rest
 * is earned: by the byte, which costs less than NS_PER_BYTE even in messages of a few hundred, and
 * by the exchange, so that a key press and its answer pay for themselves however fast they follow
 * each other. Single bytes to which the desktop has nothing to say are no exchange.
 */
#include "session/session_loop.h"

#define CREDIT_NS       (50 * 1000 * 1000)
#define FREE_PART       32
#define NS_PER_BYTE     64
#define NS_PER_EXCHANGE (100 * 1000)
#define PAUSE_MIN       5 /* ms; others have the processor for that long, and more comes at once */
#define PAUSE_MAX       100
#define DEBT_NS         ((gint64)PAUSE_MAX * 1000000 / FREE_PART)

void session_toil(Session *s)
{
	turns_toil(worker_turns(s->worker), &s->toil);
}

gboolean session_may_toil(Session *s)
{
	Turns *turns = worker_turns(s->worker);

	if (turns_toils(turns, &s->toil))
		return TRUE;
	turns_wait(turns, &s->toil);
	return FALSE;
}

/* ---- the account */

void session_open_account(Session *s)
{
	s->loop->account.credit = CREDIT_NS;
	s->loop->account.ran_at = uv_hrtime();
}

gboolean session_owes(const Session *s)
{
	return s->loop->account.credit < 0;
}

/* Both sides have said something since this was last so. */
static gboolean exchanged(const Session *s)
{
	struct SessionAccount *account = &s->loop->account;

	if (s->client.bytes_in == account->asked || s->desktop.bytes_in == account->told)
		return FALSE;
	account->asked = s->client.bytes_in;
	account->told = s->desktop.bytes_in;
	return TRUE;
}

gboolean session_charge(Session *s, guint64 begun)
{
	struct SessionAccount *account = &s->loop->account;
	guint64 now = uv_hrtime(), moved = s->client.bytes_in + s->desktop.bytes_in;
	guint64 earned = (begun - account->ran_at) / FREE_PART +
			 (moved - account->moved) * NS_PER_BYTE;
	gint64 pause;

	if (exchanged(s))
		earned += NS_PER_EXCHANGE;
	account->credit = MIN(account->credit + (gint64)MIN(earned, 2 * CREDIT_NS), CREDIT_NS);
	/* Some of that time may have been somebody else's, who had the processor meanwhile: it
	 * makes nobody wait for longer than once. */
	account->credit = MAX(account->credit - (gint64)(now - begun), -DEBT_NS);
	account->ran_at = now;
	account->moved = moved;
	if (account->credit >= 0)
		return FALSE;
	pause = -account->credit * FREE_PART / 1000000;
	s->client.waits = s->desktop.waits = 0;
	session_wake_after(s, (guint64)MAX(pause, PAUSE_MIN));
	return TRUE;
}
