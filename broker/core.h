/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core: what the broker can do for people, as core_admin.h has it for admins: the HTTP API (api/),
 * the gateways' control link and the admin's socket all end in these calls. Thread-safe; calls may
 * block (database, provider, a starting desktop) and belong on worker threads.
 *
 *   who (login, token) -> may (entitlement) -> which (assignment, one transaction)
 *     -> where (provider) -> remember (store, audit)
 *
 * What is returned is the caller's: a view is freed by its own _free(), a GPtrArray of views, which
 * frees them, by g_ptr_array_unref(). Any call may fail with FAULT_BROKER (the store cannot be
 * asked), with FAULT_NOT_FOUND (what it is about is not there) and FAULT_CLIENT (a value that
 * cannot be); other faults are named where they may come.
 */
#pragma once

#include <glib.h>

#include "auth/limit.h"
#include "control/control.h"
#include "options.h"

typedef struct Core Core;

/*
 * Opens the store in options->state (made, 0700), finds again what runs, and starts what keeps
 * pools warm and the gateways' control socket. Blocks while providers are asked (seconds). options
 * must outlive it. FAULT_CONFIG or FAULT_BROKER.
 */
Core *core_open(const Options *options, GError **error);
/* From here on long waits give up (a desktop that starts): call it first of all when stopping, so
 * that those who are in a call come back. */
void core_quit(Core *core);
/* Ends the control link, waits for what is under way, frees. Nobody may be in a call. Desktops of
 * providers that survive the broker go on. Accepts NULL. */
void core_close(Core *core);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Core, core_close)

/* ---- who */

typedef struct {
	char *user;
	char **groups; /* never NULL */
	gboolean admin;
	char *login;  /* id of the web login, NULL for natives */
	gint64 since; /* when they signed in; s since 1970 */
} Who;
void who_free(Who *who);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Who, who_free)

/* A login that PAM accepted becomes a token (secret; the caller frees it with secret_free()). Only
 * its hash is stored. Audited. */
char *core_login(Core *core, const char *user, char **groups, const char *peer, GError **error);
/* The same for who was let in otherwise: by "oidc". */
char *core_login_by(Core *core, const char *user, char **groups, const char *peer, const char *how,
		    GError **error);
/* When a web login ends that began then and is used now, s since 1970: for want of use, or because
 * it has lasted long enough. */
gint64 core_login_ends(const Options *options, gint64 began_at, gint64 now);
/* The login behind a token; FAULT_DENIED if there is none or it is too old. Renews its life. */
Who *core_who(Core *core, const char *token, GError **error);
gboolean core_logout(Core *core, const Who *who, GError **error);
/* Audits a refused login; the reason never says whether the user exists. wait: seconds until the
 * next one is heard (limit_end()). */
void core_login_refused(Core *core, const char *user, const char *peer, unsigned wait);

/* ---- desktops as their user sees them */

typedef struct {
	char *id; /* of the card: a desktop ("d-...") or a floating pool ("p-...") */
	char *name;
	char *pool;
	char *kind;   /* "dedicated", "floating", "machines"                           */
	char *state;  /* "off", "starting", "ready", "in-use", "suspended", "resetting", "failed" */
	char *detail; /* progress or reason, in words; may be ""                       */
	char **protocols;   /* of "web", "vnc", "spice": what it can be reached with         */
	gint64 last_used;   /* s since 1970, 0 = never                                       */
	gboolean update;    /* one's own for good, and its pool has gone on to another image */
	unsigned snapshots; /* that its person may keep; 0 = none */
	gboolean closed;    /* for maintenance; detail has the words */
	gboolean screen;    /* core_own_screen() may be asked: it is theirs for good, and runs */
} DesktopView;
void desktop_view_free(DesktopView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DesktopView, desktop_view_free)

GPtrArray *core_desktops(Core *core, const Who *who, GError **error); /* of DesktopView */
DesktopView *core_desktop(Core *core, const Who *who, const char *id, GError **error);
/* What one's own desktop shows, as core_desktop_screen() has it; no look of somebody else's, so it
 * is not in the audit log. FAULT_NOT_FOUND (not theirs, or not shown),
 * FAULT_BUSY, FAULT_DESKTOP. */
GBytes *core_own_screen(Core *core, const Who *who, const char *id, GError **error);

/* Makes a dedicated desktop anew from what its pool publishes now, because its user says so: what
 * they saved on it is gone. Nothing to do for one that is new. FAULT_NOT_FOUND (not theirs),
 * FAULT_BUSY (in use). */
gboolean core_desktop_update(Core *core, const Who *who, const char *id, const char *peer,
			     GError **error);

typedef struct {
	char *ticket; /* secret */
	gint64 expires_at;
	char *desktop_id; /* the desktop that was assigned ("d-...") */
	char *desktop_name;
} Ticket;
void ticket_free(Ticket *ticket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ticket, ticket_free)

/*
 * Assigns a desktop (id from a card), starts it, waits until its display answers, and makes a
 * one-time ticket bound to user, desktop and protocol ("web", "vnc", "spice"). While it waits,
 * core_desktop() shows the progress. FAULT_NOT_FOUND (or not entitled), FAULT_BUSY (no free one),
 * FAULT_DESKTOP (cannot start).
 */
Ticket *core_connect(Core *core, const Who *who, const char *desktop_id, const char *protocol,
		     const char *peer, GError **error);

/* Snapshots of the disk of one's own dedicated desktop, as many as its pool's plan allows; an admin
 * (who NULL: at the admin's socket) sees to everybody's. What is not theirs is FAULT_NOT_FOUND; one
 * too many FAULT_QUOTA. */
typedef struct {
	char *id, *name;
	gint64 taken_at; /* s since 1970 */
} SnapshotView;
void snapshot_view_free(SnapshotView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnapshotView, snapshot_view_free)

GPtrArray *core_snapshots(Core *core, const Who *who, const char *desktop, GError **error);
/* Also while it runs: the disk is then as a power cut would leave it. */
gboolean core_snapshot_take(Core *core, const Who *who, const char *desktop, const char *name,
			    char **out_id, GError **error);
/* Ends its session, stops it, and makes its disk what it was. */
gboolean core_snapshot_revert(Core *core, const Who *who, const char *desktop, const char *id,
			      GError **error);
gboolean core_snapshot_remove(Core *core, const Who *who, const char *desktop, const char *id,
			      GError **error);

/* ---- sessions */

typedef struct {
	char *id; /* = lease id */
	char *user;
	char *desktop_id;
	char *desktop_name;
	char *pool;
	char *protocol; /* the client's: "web", "vnc", "spice" */
	char *via;      /* the desktop's: "vnc", "spice", "rdp" */
	char *peer;
	char *gateway;
	char *state; /* "connecting", "live", "ended"       */
	gint64 started_at;
	gint64 ended_at;    /* 0 = live */
	gint64 active_at;   /* a key or the pointer moved last; before that, its start */
	guint64 round_trip; /* to the client and back at that time, us; 0 = not known */
	char *reason;       /* of the end */
	guint64 bytes_in, bytes_out;
	gint64 ends_at, warn_at; /* when a plan ends it, and when its person is warned; 0 = never */
	const char *ends_why;    /* "idle", "length"; NULL = never */
	gboolean extendable;
} SessionView;
void session_view_free(SessionView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SessionView, session_view_free)

/* user NULL = everybody's (admin). live: only those that have not ended; else the
 * newest `limit`. */
GPtrArray *core_sessions(Core *core, const char *user, gboolean live, unsigned limit,
			 GError **error);
/* Only some of everybody's: see store_sessions_found(). */
GPtrArray *core_sessions_found(Core *core, gboolean live, const char *text, const char *order,
			       gboolean down, unsigned limit, GError **error);
/* How many live, and of how many people. */
gboolean core_sessions_count(Core *core, unsigned *out_sessions, unsigned *out_people,
			     GError **error);
/* Ends it; who NULL = the admin's socket. FAULT_NOT_FOUND if it is not theirs. */
gboolean core_session_end(Core *core, const Who *who, const char *id, GError **error);
/* Its person says that they are there: not idle, and in the warning before its longest time is over
 * that time is extended, where the plan allows. The session as it is then. An admin (who NULL: at
 * the admin's socket) may say it for them, which is audited. FAULT_NOT_FOUND. */
SessionView *core_session_extend(Core *core, const Who *who, const char *id, GError **error);
/* An admin moves a live session (web or VNC) to another desktop of its user: the id, name or pool
 * of one of their cards, which is assigned and started first. The person keeps connection and
 * window. The move has been ordered on return; if it fails, the session ends (its new id is in the
 * log). FAULT_NOT_FOUND, FAULT_CLIENT (it is there already), FAULT_BUSY, FAULT_DESKTOP. */
gboolean core_session_move(Core *core, const char *admin, const char *id, const char *desktop,
			   GError **error);

/* ---- what admins say to people */

typedef struct {
	char *id;
	char *user;   /* to whom */
	char *sender; /* NULL: who sits at the admin socket */
	char *text;
	gint64 at; /* s since 1970 */
} MessageView;
void message_view_free(MessageView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MessageView, message_view_free)

/* The person's page shows it, now or within a day. Audited. FAULT_CLIENT, FAULT_BUSY. */
gboolean core_message_send(Core *core, const char *admin, const char *user, const char *text,
			   GError **error);
GPtrArray *core_messages(Core *core, const Who *who, GError **error); /* of MessageView */

/* ---- news */

enum {
	CHANGE_SESSIONS = 1 << 0,
	CHANGE_DESKTOPS = 1 << 1,
	CHANGE_POOLS = 1 << 2, /* and images, entitlements, plans */
	CHANGE_AUDIT = 1 << 3,
	CHANGE_BANS = 1 << 4,
	CHANGE_HOSTS = 1 << 5, /* and what they have promised     */
	CHANGE_QUOTAS = 1 << 6,
};

/* told(what, data) whenever some of these have changed or are about to (a transaction commits a
 * moment later), from any thread and under locks: be short, call nothing of the core. One
 * listener; NULL ends it. */
typedef void (*CoreTold)(unsigned what, gpointer data);
void core_watch(Core *core, CoreTold told, gpointer data);

/* ---- health */

/* True if the store answers and at least one gateway is linked. detail (g_free) says what lacks. */
gboolean core_healthy(Core *core, char **out_detail);

/* All that /metrics says, in Prometheus' text format; g_free() it. */
char *core_metrics(Core *core);

/* As core_open() was given them. */
const Options *core_options(const Core *core);

/* The one back-off of refused logins, whatever way they come. Owned by the core; thread-safe. */
Limit *core_limit(Core *core);
