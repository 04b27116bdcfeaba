/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker: one gateway process: a loop, its listeners, its sessions, its link to the broker. Single
 * threaded; several workers share the ports (sockets.h) and nothing else.
 */
#pragma once

#include "broker/broker_link.h"
#include "options.h"
#include "session/session.h"

#include <openssl/ssl.h>
#include <uv.h>

/*
 * Runs until its sessions have ended after one of these signals, which it lets in when it can serve
 * them (they come blocked):
 *   SIGTERM, SIGINT   no new connections; sessions may go on for options->drain seconds
 *   SIGUSR2           no new connections; sessions may go on as long as they like
 *   SIGUSR1           takes the certificate anew
 * sockets: of Socket, taken. buckets: shared by all workers, NULL = nobody is throttled. FALSE with
 * FAULT_CONFIG if it could not start.
 */
gboolean worker_run(const Options *options, Buckets *buckets, GArray *sockets, unsigned number,
		    GError **error);

const Options *worker_options(Worker *worker);
/* Of VNC viewers without TLS; NULL = they are turned away. */
const char *worker_vnc_password(const Worker *worker);
uv_loop_t *worker_loop(Worker *worker);
Turns *worker_turns(Worker *worker);
BrokerLink *worker_broker(Worker *worker);
Dialer *worker_dialer(Worker *worker);
Buckets *worker_buckets(Worker *worker);

/* The server's TLS: `vnc` without session tickets. Borrowed. */
SSL_CTX *worker_tls(Worker *worker, gboolean vnc);

/* A session says: I am here; I wait for this answer; I have left the handshake; I am gone. */
void worker_session_started(Worker *worker, Session *session);
void worker_expect(Worker *worker, guint64 request_id, Session *session);
/* Nobody waits for that answer any more. */
void worker_forget(Worker *worker, guint64 request_id);
/* Nor for this one, which opens a lease: if it comes all the same, the broker is told that the
 * lease is over. */
void worker_renounce(Worker *worker, guint64 request_id);

/* Asks, by the bond of this further SPICE channel, where its main channel has gone, for all of that
 * viewer's (session_follow()). */
void worker_follow(Worker *worker, const Session *session);
/* The client that a proxy brought: the session counts as that address from now on, and its `limit`
 * is set if it is one too many there. FALSE if there is no room left even to tell it so. */
gboolean worker_session_is_from(Worker *worker, Session *session, const char *address);
void worker_session_relaying(Worker *worker, Session *session);
void worker_session_gone(Worker *worker, Session *session, gboolean relayed);

/* The session has a lease, by which the broker's words find it; and: is about to have none. */
void worker_lease_taken(Worker *worker, Session *session);
void worker_lease_left(Worker *worker, Session *session);

/* What this worker counts, for who has something to add (control/counts.h). The broker is told
 * every few seconds. */
guint64 *worker_counts(Worker *worker);

/* Its line to the desktop outlives the session of a client from this address; and is closed. */
void worker_line_held(Worker *worker, const char *address);
void worker_line_closed(Worker *worker, const char *address);
