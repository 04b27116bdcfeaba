/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session: leases, which are sessions from the redeemed ticket to the end. Each is a row in the
 * store, with what proves that a further SPICE channel belongs to it; the broker that watches over
 * it has it in memory too. A desktop has one lease at most: a new one of the same person takes it
 * over.
 *
 * After a restart of the broker its rows are leases again, waiting for their gateway to say that
 * they live (session_started).
 */
#pragma once

#include "control/control.h"
#include "core_parts.h"
#include "fault.h"
#include "sessions/bond.h"
#include "upkeep/plan.h"

/* What a gateway is told of a lease; copies. */
typedef struct {
	char *lease;
	char *user;
	char *desktop; /* id */
	char *desktop_name;
	char *via;      /* "vnc" or "spice": what the gateway is to speak to it */
	char *password; /* secret: the display's own, for this lease, if it wants one */
	guint32 client_id;
	guint32 backend_id;
	char *bond; /* secret: the word of a SPICE viewer's; NULL = none */
} Grant;
void grant_clear(Grant *grant);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Grant, grant_clear)

/* Who asks: the connection of a gateway, as an identity, and its name. */
typedef struct {
	gconstpointer connection;
	const char *name;
	char **groups;    /* of the person, who signed in there; NULL = nobody did. Borrowed */
	const Bond *bond; /* of a viewer whose session goes on; NULL = it begins. Borrowed */
	gint64 since;     /* when that person signed in; s since 1970 */
} Asker;

Sessions *sessions_new(Core *core, GError **error);
/* Accepts a core that has none. */
void sessions_free(Core *core);

/* REDEEM: spends the ticket. FAULT_DENIED; audited. */
gboolean session_redeem(Core *core, const ControlMessage *request, const Asker *asker, Grant *out,
			GError **error);
/* LOGIN: for a person who was let in and whose desktop has been assigned and started. */
gboolean session_open(Core *core, const char *user, const char *desktop_id,
		      const ControlMessage *request, const Asker *asker, Grant *out,
		      GError **error);
/* Can the desktop below a client of this protocol be replaced, in its connections? */
gboolean session_can_swap(const Core *core, const char *protocol);
/* A SPICE viewer is sent away to come again, as a new one: what it brings then opens that lease.
 * FALSE: there is none, or nobody knows any more what it brought; the place that it comes from is
 * not enough. */
gboolean session_expect(Core *core, const char *lease);
/* REDEEM, LOGIN, LOBBY: TRUE, it is one who was to come again. */
gboolean session_again(Core *core, const ControlMessage *request, const Asker *asker, Grant *out);
/* A session id that no viewer of a desktop was told. */
gboolean session_fresh_client_id(Core *core, guint32 *out, GError **error);
/* JOIN: a further channel, proven by what opened the lease, or by the bond. FAULT_DENIED. */
gboolean session_join(Core *core, const ControlMessage *request, Grant *out, GError **error);
/* DIAL: a live lease by its id. FAULT_NOT_FOUND. */
gboolean session_find(Core *core, const char *lease, Grant *out, GError **error);
/* LINKED. FAULT_NOT_FOUND. *out: lease and bond of a viewer that may have other channels already,
 * which are to follow; else the lease is NULL. */
gboolean session_linked(Core *core, const char *lease, guint32 backend_id, Grant *out,
			GError **error);
/* STARTED: live, or nobody can tell while the database is away. FALSE: there is no such lease (any
 * more). */
gboolean session_started(Core *core, const char *lease, const Asker *asker);
/* ENDED: does the end of this connection end the session? */
gboolean session_ended_whole(const ControlMessage *notice);
/* ENDED: a channel's or the session's end, with its bytes. FALSE: it is not in the store yet. */
gboolean session_ended(Core *core, const ControlMessage *notice);

/* The broker ends it; every gateway is told. FALSE: there is none. */
gboolean session_end(Core *core, const char *lease, Fault code, const char *reason);
/* The same, and what that means to the desktop's plan. */
gboolean session_end_by_plan(Core *core, const char *lease, PlanEvent event, const char *reason);
/* The one on this desktop, if it is this user's (NULL = whosever). */
void sessions_end_desktop(Core *core, const char *desktop_id, const char *user, const char *reason);
/* A gateway's connection dropped: its leases end. */
void sessions_gateway_gone(Core *core, const Asker *asker);
/* Ends leases that never got their picture; *due comes down to when the next one will have to. */
void sessions_expire(Core *core, gint64 *due);
