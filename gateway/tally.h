/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tally: fills in a worker's counts (control/counts.h) and tells the broker. */
#pragma once

#include "broker/broker_link.h"
#include "session/session.h"

#include <openssl/ssl.h>

/* A session has come as far as its relay. */
void tally_relaying(guint64 *counts, const Session *session);

/* Adds the sessions' bytes and the certificate's end, sends it all and begins anew from 0; while
 * the broker is away it adds up. sessions: a set. */
void tally_report(guint64 *counts, GHashTable *sessions, BrokerLink *broker, const SSL_CTX *tls);
