/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream-pair: two streams over a real socket pair: what goes in at one end comes out at the other,
 * whatever the kernel takes at a time. */
#pragma once

#include "net/peer.h"
#include "net/tls.h"

typedef struct {
	SSL_CTX *server, *client;
	Peer a, b; /* a: our side; b: the other */
} Pair;

void pair_open(Pair *pair);
/* Other descriptors below the same pair. */
void pair_connect(Pair *pair);
/* TLS on top of what is there, with contexts of its own, until both have shaken hands. */
void pair_secure(Pair *pair);
void pair_close(Pair *pair);

/* A byte for each place of a long text. */
guint8 pair_pattern(gsize at);
/* Sends megabytes from `from` to `to`, in buffers that move, and checks each byte. */
void pair_check_bulk(Peer *from, Peer *to);
