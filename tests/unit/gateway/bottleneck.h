/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bottleneck: a line that takes as much as a test lets it, in a layer over a peer's stream, and
 * notes each write, which would be a TLS record of its own. */
#pragma once

#include "net/peer.h"

typedef struct {
	gsize room;        /* bytes that it takes yet */
	gboolean swallows; /* what it takes arrives nowhere */
	GArray *writes;    /* gsize: how much each took */
} Bottleneck;

/* Puts it, with room for everything, over the peer's stream, which it must outlive. */
void bottleneck_init(Bottleneck *bottleneck, Peer *peer);
void bottleneck_clear(Bottleneck *bottleneck);
