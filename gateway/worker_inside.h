/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_inside: what worker.c (its loop, from start to end) and worker_broker.c (what the broker
 * says) share. */
#pragma once

#include "admission.h"
#include "leases.h"
#include "server_tls.h"
#include "worker.h"

struct Worker {
	uv_loop_t loop;
	const Options *options;
	ServerTls tls;
	char *vnc_password; /* Secret, or NULL */
	Dialer *dialer;
	Signer *signer;
	uv_poll_t signer_watch;
	BrokerLink *broker;
	GPtrArray *listeners;
	GHashTable *sessions;  /* a set: every session that has not gone    */
	Leases *leases;        /* those of them that have one               */
	GHashTable *expecting; /* request id -> Session, NULL once it left  */
	GHashTable *following; /* a set of request ids: where has a main channel gone? */
	GArray *proxies;       /* networks whose connections begin with PROXY */
	Admission *admission;
	Buckets *buckets;
	Turns *turns;
	uv_signal_t signals[4];
	uv_timer_t drain, tidy, input, report;
	guint64 counts[COUNTS_N]; /* since the last report               */
	gboolean retired;         /* no new connections                   */
	gboolean draining;        /* ... and old ones not for long        */
};

/* The sessions as they are now: ending one changes the set. */
GPtrArray *worker_sessions(Worker *worker);

/* What a broker's link calls; its data is the worker. */
extern const BrokerLinkCalls worker_broker_calls;
