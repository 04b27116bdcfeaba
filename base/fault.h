/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault: the one error domain. A code says whose fault it is; the message is for the admin and
 * goes into the log; what a person sees comes from the table, by code, so that no secret and no
 * inner name can leak to the network by accident.
 *
 * Library code returns faults and never logs; the owner of the connection or of the request logs
 * once.
 */
#pragma once

#include <glib.h>

#define FAULT (fault_quark())

typedef enum {
	FAULT_CLIENT,      /* the client spoke wrongly                     */
	FAULT_DENIED,      /* wrong password, no right, spent ticket       */
	FAULT_NOT_FOUND,   /* no such desktop, session, pool               */
	FAULT_BUSY,        /* full: limits, no free desktop                */
	FAULT_DESKTOP,     /* the desktop cannot start, answer or be found */
	FAULT_BROKER,      /* the broker is down or answered nonsense      */
	FAULT_TIMEOUT,     /* a step took longer than it may               */
	FAULT_CONFIG,      /* the admin's configuration is wrong           */
	FAULT_QUOTA,       /* they have all that they may have             */
	FAULT_MAINTENANCE, /* closed on purpose, for a while             */
	FAULT_ENDED,       /* nobody's: ended by the admin, drained, left  */
	FAULT_BUG,         /* ours                                         */
	FAULT_LAST = FAULT_BUG
} Fault;

typedef struct {
	const char *name;         /* "denied": in logs, in the API, on the wire to the broker */
	unsigned http_status;     /* RFC 9110                                                 */
	guint32 spice_link_error; /* spice-protocol error codes; never 5 (NEED_SECURED)       */
	GLogLevelFlags log_level;
	const char *words; /* what a person reads */
} FaultInfo;

GQuark fault_quark(void);

/* The row of the table for a code; an unknown code gets the row of FAULT_BUG. */
const FaultInfo *fault_info(Fault code);

/* The code of an error: its own in our domain, FAULT_BUG for any other domain. error may not be
 * NULL. */
Fault fault_code(const GError *error);

/* The code for a name from the table; false (and out_code untouched) if there is none. */
gboolean fault_from_name(const char *name, Fault *out_code);

/* Sets a fault from errno: "what: strerror". */
void fault_set_errno(GError **error, Fault code, const char *what);

/* Adds to a fault of ours that was just set (error or *error may be NULL): it is over in so many
 * seconds. For who is held back after too many attempts. */
void fault_set_wait(GError **error, unsigned seconds);
/* That; 0 for a fault that says nothing of it, and for errors of others. */
unsigned fault_wait(const GError *error);

/* What a person reads: the words of the table, or when to try again. g_free() it. */
char *fault_words(const GError *error);
