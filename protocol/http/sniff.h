/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sniff: which protocol a client speaks, from its first bytes. A VNC viewer has none: it waits for
 * the server, so silence is what it says, and that is for whoever has a clock.
 */
#pragma once

#include <glib.h>

typedef enum {
	SNIFF_MORE,    /* could still be several                       */
	SNIFF_TLS,     /* a handshake record (RFC 8446, 5.1)           */
	SNIFF_SPICE,   /* "REDQ", a SPICE link                         */
	SNIFF_HTTP,    /* a method of HTTP/1 and a space               */
	SNIFF_CONNECT, /* the method CONNECT: what follows is a tunnel */
	SNIFF_UNKNOWN, /* none of them, whatever comes                 */
} Sniff;

/* Decides after at most SNIFF_MAX bytes. */
#define SNIFF_MAX 8
Sniff sniff_bytes(const void *bytes, gsize n);
