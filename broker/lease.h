/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lease: one entry of the sessions' table, and the proof that opens it to further channels. */
#pragma once

#include "session.h"

typedef struct {
	char *id;
	char *user;
	char *desktop;
	char *desktop_name;
	char *pool;
	char *protocol;
	char *via;
	char *peer;
	char *gateway;            /* its name */
	gconstpointer connection; /* of the gateway that opened it; NULL = not adopted yet */
	char *password;           /* secret, see Grant */
	guint32 client_id;
	guint32 backend_id;
	gboolean joinable;        /* key and proof are known */
	guint8 key[32];
	guint8 proof[32];
	gboolean started;         /* it had its picture: said in the audit */
	gint64 confirm_by;        /* monotonic; 0 = confirmed */
	gint64 began;             /* monotonic */
	gint64 began_at;          /* s since 1970 */
	guint64 bytes_in, bytes_out;
	char *reason;             /* ended: why, and after how long */
	guint64 milliseconds;
	gboolean reported; /* ended: by its gateway, so the bytes are known */
} Lease;

Lease *lease_new(const char *user, const char *via, const ControlMessage *request,
	const Asker *asker);
/* From a row of the store, after a restart. */
Lease *lease_new_from_row(const SessionView *row);
void lease_free(Lease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lease, lease_free)

/* Remembers what opened it: an HMAC of the ticket, or of user and password, under a random key of
 * its own that never leaves memory. */
void lease_seal(Lease *lease, const ControlMessage *request);
/* True if the request carries the same; constant time. */
gboolean lease_proven(const Lease *lease, const ControlMessage *request);

void lease_grant(const Lease *lease, Grant *out);
