/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_broker: what the broker says to a worker, and which of its sessions that is for. */
#include "worker_inside.h"

#include "fault.h"

#include <unistd.h>

void worker_expect(Worker *worker, guint64 request_id, Session *session)
{
	g_hash_table_insert(worker->expecting, g_memdup2(&request_id, sizeof request_id), session);
}

void worker_forget(Worker *worker, guint64 request_id)
{
	broker_link_cancel(worker->broker, request_id);
	g_hash_table_remove(worker->expecting, &request_id);
}

void worker_renounce(Worker *worker, guint64 request_id)
{
	if (broker_link_cancel(worker->broker, request_id))
		g_hash_table_remove(worker->expecting, &request_id);
	else
		worker_expect(worker, request_id, NULL);
}

void worker_follow(Worker *worker, const Session *session)
{
	ControlMessage request = {
		.type = CONTROL_JOIN,
		.bond = session->bond,
		.client_id = session->ask.client_id,
		.channel = session->ask.channel,
		.peer = (char *)session->address,
	};

	if (broker_link_request(worker->broker, &request, NULL))
		g_hash_table_add(worker->following, g_memdup2(&request.id, sizeof request.id));
}

/* Its word is the same for all of them. Without one (main is on its way, the broker has gone) they
 * stay as they are: there will be another. */
static void on_followed(Worker *worker, const ControlMessage *message)
{
	g_autoptr(GPtrArray) all = NULL;

	if (message == NULL || message->type != CONTROL_LEASE || message->backend_id == 0)
		return;
	all = worker_sessions(worker);
	for (guint i = 0; i < all->len; i++) {
		if (g_hash_table_contains(worker->sessions, all->pdata[i]))
			session_follow(all->pdata[i], message);
	}
}

static void on_answer(gpointer data, guint64 id, const ControlMessage *message, int fd,
		      const GError *error)
{
	Worker *worker = data;
	gpointer value = NULL;
	gboolean expected = g_hash_table_lookup_extended(worker->expecting, &id, NULL, &value);
	Session *session = value;

	if (g_hash_table_remove(worker->following, &id)) {
		on_followed(worker, message);
		if (fd >= 0) /* which no join has */
			close(fd);
		return;
	}
	if (expected)
		g_hash_table_remove(worker->expecting, &id);
	if (session == NULL) { /* it left meanwhile */
		if (fd >= 0)
			close(fd);
		if (expected && message != NULL && message->type == CONTROL_LEASE) {
			ControlMessage ended = {
				.type = CONTROL_ENDED,
				.lease = message->lease,
				.fault = (char *)fault_info(FAULT_ENDED)->name,
				.reason = (char *)"the client left before its desktop was there",
				.step = (char *)"redeem",
			};

			broker_link_notify(worker->broker, &ended);
		}
		return;
	}
	session_answered(session, message, fd, error);
}

static void on_lost(gpointer data, guint64 id, const GError *error)
{
	Worker *worker = data;
	Session *session = g_hash_table_lookup(worker->expecting, &id);

	g_hash_table_remove(worker->following, &id);
	g_hash_table_remove(worker->expecting, &id);
	if (session != NULL)
		session_lost(session, error);
}

void worker_lease_taken(Worker *worker, Session *session)
{
	leases_add(worker->leases, session);
}

void worker_lease_left(Worker *worker, Session *session)
{
	leases_remove(worker->leases, session);
}

static void on_end(gpointer data, const ControlMessage *message)
{
	Worker *worker = data;
	g_autoptr(GPtrArray) all = leases_find(worker->leases, message->lease);
	const char *reason = message->reason ? message->reason : "ended";
	Fault code = FAULT_ENDED;

	fault_from_name(message->fault, &code);
	for (guint i = 0; i < all->len; i++) {
		if (g_hash_table_contains(worker->sessions, all->pdata[i]))
			session_dismiss(all->pdata[i], code, reason);
	}
}

/* A move that finds nobody, or one who cannot: the new lease is over before it began. */
static void refuse_move(Worker *worker, const ControlMessage *message, int fd)
{
	ControlMessage ended = {
		.type = CONTROL_ENDED,
		.lease = message->to,
		.fault = (char *)fault_info(FAULT_ENDED)->name,
		.reason = (char *)"its session cannot be moved, or has ended",
		.step = (char *)"move",
	};

	if (fd >= 0)
		close(fd);
	broker_link_notify(worker->broker, &ended);
}

static void on_move(gpointer data, const ControlMessage *message, int fd)
{
	Worker *worker = data;
	g_autoptr(GPtrArray) all = leases_find(worker->leases, message->lease);
	Session *found = NULL;

	for (guint i = 0; found == NULL && i < all->len; i++) {
		Session *session = all->pdata[i];

		if (session->ask.kind != ASK_JOIN)
			found = session;
	}
	if (found == NULL || !session_move(found, message, fd))
		refuse_move(worker, message, fd);
}

/* All are looked at: a follow comes for a SPICE viewer that moves, and for one not often
 * (docs/protocol-control.md). */
static void on_follow(gpointer data, const ControlMessage *message)
{
	Worker *worker = data;
	g_autoptr(GPtrArray) all = worker_sessions(worker);
	gboolean asked = FALSE;

	for (guint i = 0; i < all->len; i++) {
		Session *session = all->pdata[i];

		if (!g_hash_table_contains(worker->sessions, session) ||
		    !session_follows(session, message->bond))
			continue;
		if (message->fault != NULL)
			session_end(session, FAULT_ENDED, "its main channel has ended");
		else if (!asked)
			worker_follow(worker, session);
		asked = TRUE;
	}
}

/* After an outage the broker learns what is still alive here, so that it gives none of these
 * desktops to somebody else. */
static void on_up(gpointer data, gboolean again)
{
	Worker *worker = data;
	g_autoptr(GPtrArray) all = worker_sessions(worker);

	for (guint i = 0; again && i < all->len; i++)
		session_report_live(all->pdata[i]);
}

const BrokerLinkCalls worker_broker_calls = {
	.answer = on_answer,
	.lost = on_lost,
	.end = on_end,
	.move = on_move,
	.follow = on_follow,
	.up = on_up,
};
