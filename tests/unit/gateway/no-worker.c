/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker that nobody asks for anything: a test of sessions defines what its own are to find, in
 * place of these. */
#include "worker.h"

#define NEVER(type, name, ...)                       \
	__attribute__((weak)) type name(__VA_ARGS__) \
	{                                            \
		g_assert_not_reached();              \
	}
NEVER(const Options *, worker_options, Worker *worker)
NEVER(const char *, worker_vnc_password, const Worker *worker)
NEVER(uv_loop_t *, worker_loop, Worker *worker)
NEVER(Turns *, worker_turns, Worker *worker)
NEVER(BrokerLink *, worker_broker, Worker *worker)
NEVER(Dialer *, worker_dialer, Worker *worker)
NEVER(Buckets *, worker_buckets, Worker *worker)
NEVER(SSL_CTX *, worker_tls, Worker *worker, gboolean vnc)
NEVER(guint64 *, worker_counts, Worker *worker)
NEVER(void, worker_session_started, Worker *worker, Session *session)
NEVER(void, worker_expect, Worker *worker, guint64 request_id, Session *session)
NEVER(void, worker_forget, Worker *worker, guint64 request_id)
NEVER(void, worker_renounce, Worker *worker, guint64 request_id)
NEVER(void, worker_follow, Worker *worker, const Session *session)
NEVER(gboolean, worker_session_is_from, Worker *worker, Session *session, const char *address)
NEVER(void, worker_session_relaying, Worker *worker, Session *session)
NEVER(void, worker_session_gone, Worker *worker, Session *session, gboolean relayed)

/* Nobody looks for one by its lease. */
__attribute__((weak)) void worker_lease_taken(Worker *worker, Session *session)
{
}

__attribute__((weak)) void worker_lease_left(Worker *worker, Session *session)
{
}

NEVER(void, worker_line_held, Worker *worker, const char *address)
NEVER(void, worker_line_closed, Worker *worker, const char *address)
