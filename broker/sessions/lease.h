/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lease: one entry of the sessions' table: what this broker watches. */
#pragma once

#include "sessions/bond.h"
#include "sessions/session.h"
#include "store_lease.h"
#include "upkeep/plan.h"

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
	Bond bond;                /* SPICE; what further channels bring */
	gboolean expected;        /* its viewer was sent away to come again */
	gboolean carried;         /* its viewer may have further channels already: see Asker */
	char **groups;            /* see Asker */
	gint64 since;             /* see Asker */
	gboolean started;         /* it had its picture: said in the audit, unless ... */
	gboolean unrecorded;      /* ... the database could not take that yet */
	gint64 taken_at;          /* from the broker before; s since 1970, 0 = it began here */
	gboolean heard;           /* since then: its gateway has said when somebody was active */
	gint64 warned_of;         /* the end that its person has been told; s since 1970 */
	char *aside;       /* the lobby that its client is at, lobby_warning.h; NULL = none */
	gboolean left;     /* ... and its gateway has said so */
	char *called_back; /* the last lobby that its client was called back from; NULL = none */
	gint64 confirm_by; /* monotonic; 0 = confirmed */
	gint64 began;      /* monotonic */
	gint64 began_at;   /* s since 1970 */
	guint64 bytes_in, bytes_out;
	char *reason; /* ended: why, and after how long */
	guint64 milliseconds;
	gboolean ours_only; /* ends only if no other broker watches it by now */
	PlanEvent event;    /* ended: what that is to the plan */
	gboolean reported;  /* ended: by its gateway, so the bytes are known */
} Lease;

/* Who looks at it, and by which way: copies, for when the table's lock has been let go. */
typedef struct {
	char *user;
	char *desktop;
	char *desktop_name;
	char *protocol;
	char *peer;
	char *gateway;
	gconstpointer connection; /* NULL = it has no picture yet, or no gateway has adopted it */
	char **groups;
	gint64 since;
	Bond bond; /* SPICE: its further channels come along */
} LeaseViewer;

Lease *lease_new(const char *user, const char *via, const ControlMessage *request,
		 const Asker *asker);
/* From a row of the store, after a restart. */
Lease *lease_new_from_row(const StoreLease *row);
void lease_free(Lease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lease, lease_free)

/* The row that a new lease begins with; borrows from it. */
StoreLease lease_row(const Lease *lease, const char *broker);
void lease_grant(const StoreLease *row, Grant *out);

/* out: zeroed; lease_viewer_clear() it. */
void lease_viewer(const Lease *lease, LeaseViewer *out);
void lease_viewer_clear(LeaseViewer *viewer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LeaseViewer, lease_viewer_clear)
