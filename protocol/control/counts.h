/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * counts: what a gateway process counts for /metrics, and tells its broker every few seconds.
 * Places in one array of numbers: what happened since the last time is added up by the broker, what
 * is true now replaces what it said before. No name, address or text of anybody is in it.
 *
 * A place keeps its meaning for good: a gateway may be older or newer than its broker.
 */
#pragma once

#include <glib.h>

enum {
	COUNTS_CONNECTIONS,              /* accepted                                            */
	COUNTS_REFUSED,                  /* of those, over a limit: told so, or closed          */
	COUNTS_BYTES_IN,                 /* from clients                                        */
	COUNTS_BYTES_OUT,                /* to clients                                          */
	COUNTS_WEB,                      /* sessions that came as far as their picture, by the  */
	COUNTS_VNC,                      /* ... client's protocol                               */
	COUNTS_SPICE,                    /* ... (each channel of SPICE)                         */
	COUNTS_PAGES,                    /* connections for pages and the API                   */
	COUNTS_NOW,                      /* ---- from here on: what is true now                 */
	COUNTS_HANDSHAKING = COUNTS_NOW, /* connections on their way to a relay     */
	COUNTS_RELAYING,                 /* connections in their relay                          */
	COUNTS_CERTIFICATE,              /* when the certificate expires, s since 1970          */
	COUNTS_NOW_END = 16,
	COUNTS_ENDED = 16, /* + a Fault: connections by whose fault they ended    */
	COUNTS_ENDED_END = 32,
	COUNTS_LOST = 32, /* + counts_step(): by a fault before their relay      */
	COUNTS_N = 44
};

/* The place among COUNTS_LOST for a step's name; that of "other" for one it does not know. */
unsigned counts_step(const char *name);
/* The other way round; NULL behind the last. */
const char *counts_step_name(unsigned step);
