/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * carry: one connection through a tunnel: a Unix socket on this machine, records in TLS to the
 * other. Each direction ends by itself. A descriptor that comes along over the Unix socket is kept,
 * and its secret goes over; where a secret comes out, a descriptor is passed on that leads to what
 * was kept.
 */
#pragma once

#include "kept.h"
#include "secure.h"

typedef struct {
	SSL *ssl;
	int plain;  /* non-blocking */
	Kept *kept; /* for descriptors that come; NULL = they are closed */
	/* For secrets that come: a descriptor, or -1; must not block. NULL = they end the
	 * connection. */
	int (*fetch)(const char *secret, gpointer data);
	gpointer data;
} Carry;

/* Returns when both directions have ended, or one has broken; TRUE: it was the line to the other
 * end that broke, while both sides were still at it. Everything stays the caller's. For a thread
 * that has nothing else to do. */
gboolean carry(const Carry *carry);
