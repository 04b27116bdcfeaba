/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core: what the broker can do, for whoever asks: the HTTP API (api/), the gateways' control link
 * and the admin's socket all end in these calls. Thread-safe; calls may block (database, provider,
 * a starting desktop) and belong on worker threads.
 *
 *   who (login, token) -> may (entitlement) -> which (assignment, one transaction)
 *     -> where (provider) -> remember (store, audit)
 *
 * What is returned is the caller's: a view is freed by its own _free(), a GPtrArray of views, which
 * frees them, by g_ptr_array_unref(). `admin` is who does it, for the audit log, in which every
 * change stands. Any call may fail with FAULT_BROKER (the store cannot be asked), with
 * FAULT_NOT_FOUND (what it is about is not there) and FAULT_CLIENT (a value that cannot be); other
 * faults are named where they may come.
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
	char *login; /* id of the web login, NULL for natives */
} Who;
void who_free(Who *who);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Who, who_free)

/* A login that PAM accepted becomes a token (secret; the caller frees it with secret_free()). Only
 * its hash is stored. Audited. */
char *core_login(Core *core, const char *user, char **groups, const char *peer, GError **error);
/* The same for who was let in otherwise: by "oidc". */
char *core_login_by(Core *core, const char *user, char **groups, const char *peer, const char *how,
		    GError **error);
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

/* ---- administration (orielctl over the admin socket; admins over HTTPS) */

typedef struct {
	char *name;
	unsigned version;                             /* from 1; views only */
	char *disk, *kernel, *initrd, *cmdline, *xml; /* paths; NULL = none */
	unsigned memory, cpus;
	char *video;
	char *network;   /* none, user or bridge:NAME; NULL when adding = what oriel.conf says */
	char *files;     /* the directory of our own copies; NULL = the admin's files. Views only */
	gint64 added_at; /* s since 1970, 0 = unknown; views only */
} ImageView;
void image_view_free(ImageView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageView, image_view_free)

typedef struct {
	char *name;
	char *kind;       /* "dedicated", "floating", "machines"       */
	char *image;      /* NULL for machines                         */
	char *provider;   /* "qemu", "libvirt", "machine"              */
	char *uri;        /* of libvirt; "" else                       */
	unsigned max;     /* desktops at most                          */
	unsigned spare;   /* floating: kept running and free           */
	gboolean instant; /* desktops are copies of a booted one, where the provider can */
	unsigned weight; /* of each beside the others of a host, for processor and disk, in percent:
			    100 = as others; 0 when adding = as it is, or 100. Counts from its next
			    start (or reset: "container") */
	unsigned version;     /* of the image, which is published; 0 when adding = the newest */
	char *previous_image; /* views only, as what follows: what "rollback" publishes */
	unsigned previous_version;
	unsigned total, busy, ready, failed;
	unsigned stale;   /* desktops that rest on another version */
	char *hypervisor; /* at its uri, once it was opened; else NULL */
	char **can;       /* ... words for what it can (ability.c)    */
} PoolView;
void pool_view_free(PoolView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PoolView, pool_view_free)

/* What becomes of the desktops of a pool (broker/plan.h). Actions: "nothing", "suspend",
 * "shutdown", "reset", "delete". Times in seconds. */
typedef struct {
	char *pool;
	char *disconnect, *idle, *logout;                    /* the actions ...             */
	unsigned disconnect_after, idle_after, logout_after; /* ... and when; idle 0: never */
	unsigned length;                                     /* of a session at most; 0 = any     */
	unsigned warn;                                       /* before the end of a session       */
	unsigned extend;    /* what its person may add each time; 0 = nothing */
	unsigned snapshots; /* that the owner of a dedicated one may keep  */
} PlanView;
void plan_view_free(PlanView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlanView, plan_view_free)

typedef struct {
	char *id, *name, *pool, *kind, *state, *detail, *owner, *address, *protocol, *identity,
		*image;
	char *mac;        /* of its network card, as we give it; NULL = none */
	unsigned version; /* of the image that it rests on */
	gboolean screen;  /* core_desktop_screen() may be asked */
	gint64 last_used;
} AdminDesktopView;
void admin_desktop_view_free(AdminDesktopView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AdminDesktopView, admin_desktop_view_free)

/* Closed for a while (broker/maintenance.h). */
typedef struct {
	char *kind, *name; /* "pool", "host", "desktop" (its id) */
	char *words;       /* for people; NULL or "" = some       */
	gint64 since;      /* views only                          */
	unsigned sessions; /* views only: that still run there    */
} MaintenanceView;
void maintenance_view_free(MaintenanceView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MaintenanceView, maintenance_view_free)

/* How much a user (name "*": who has no other), each member of a group, or all of a pool together
 * may have at a time; 0 = any number. */
typedef struct {
	char *kind, *name; /* "user", "group", "pool" */
	unsigned desktops, sessions, memory /* MiB */, cpus;
} QuotaView;
void quota_view_free(QuotaView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QuotaView, quota_view_free)

typedef struct {
	char *pool, *user, *group; /* user or group, the other NULL */
} EntitlementView;
void entitlement_view_free(EntitlementView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EntitlementView, entitlement_view_free)

typedef struct {
	char *user,
		*address;  /* NULL = whoever, from everywhere; both: known there (auth/limit.h) */
	gint64 until;      /* s since 1970, 0 = for good                                      */
	unsigned failures; /* refused logins that led to it                                   */
	char *admin, *reason; /* NULL = refused logins alone                                     */
} BanView;
void ban_view_free(BanView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BanView, ban_view_free)

typedef struct {
	gint64 id, at; /* at: ms since 1970 */
	char *event;   /* "login", "login-refused", "logout", "ticket", "session-start",
			  "session-end", "update", "snapshot", "admin" */
	char *user, *peer, *desktop, *session, *detail;
	char *desktop_name; /* views only; NULL = not known any more */
	guint64 bytes_in, bytes_out, milliseconds;
} AuditView;
void audit_view_free(AuditView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditView, audit_view_free)

GPtrArray *core_images(Core *core, GError **error); /* every version, the newest of each first */
/* Adds a version of the image of that name. copy: of the files, into our own keeping, so that the
 * admin may change theirs. Pools go on with what they have until it is published to them. */
gboolean core_image_add(Core *core, const char *admin, const ImageView *image, gboolean copy,
			unsigned *out_version, GError **error);
/* All its versions; FAULT_BUSY while a pool or a desktop uses one. */
gboolean core_image_remove(Core *core, const char *admin, const char *name, GError **error);
/*
 * From now on the pool's desktops are made from that image (NULL = the same) and version (0 = the
 * newest). Free desktops go over at once, the ready ones as others take their place; one in use at
 * its next reset; a dedicated one when its user or an admin says so.
 */
gboolean core_pool_publish(Core *core, const char *admin, const char *pool, const char *image,
			   unsigned version, GError **error);
/* Publishes what was published before. FAULT_CLIENT if there is nothing to go back to. */
gboolean core_pool_rollback(Core *core, const char *admin, const char *pool, GError **error);
GPtrArray *core_pools(Core *core, GError **error);
/* Adds it, or changes max, spare and instant of the one of that name and publishes to it what it
 * does not have yet. */
gboolean core_pool_add(Core *core, const char *admin, const PoolView *pool, GError **error);
GPtrArray *core_plans(Core *core, GError **error); /* one for each pool, set or not */
PlanView *core_plan(Core *core, const char *pool, GError **error);
/* From the next event on. FAULT_CLIENT for an action that the pool's desktops do not know. */
gboolean core_plan_set(Core *core, const char *admin, const PlanView *plan, GError **error);
/* Refuses (FAULT_BUSY) while a desktop of it is in use; else destroys its desktops. */
gboolean core_pool_remove(Core *core, const char *admin, const char *name, GError **error);
/* A machine that desktops run on. */
typedef struct {
	char *name;
	char *provider;        /* "qemu", "libvirt", "container"                                */
	char *uri;             /* ... its uri; "" for qemu                                      */
	char *broker;          /* views only: on whose machine it is; NULL = any reaches it     */
	unsigned cpus, memory; /* what it has (MiB); 0 when adding = all      */
	unsigned cpu_ratio, memory_ratio; /* percent of that to promise; 0 = the default */
	char *storage;  /* a name that hosts with the same storage share; NULL = its own */
	char *state;    /* views only, as what follows: "up", "down"                     */
	char *detail;   /* why it is down                                                */
	gboolean drain; /* it gets nothing new, and loses what can go                    */
	unsigned desktops, used_cpus, used_memory; /* promised to desktops                */
	char *hypervisor;                          /* once it was opened; else NULL       */
	char **can;                                /* ... words for what it can (ability.c) */
} HostView;
void host_view_free(HostView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostView, host_view_free)

/* On which hosts a pool's desktops go; with none, where its provider and uri say. */
typedef struct {
	char *pool;
	char **hosts;
	char *placement; /* "spread", "pack"                          */
	unsigned apart;  /* of the pool on one host at most; 0 = any  */
} PoolHostsView;
void pool_hosts_view_clear(PoolHostsView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PoolHostsView, pool_hosts_view_clear)

GPtrArray *core_hosts(Core *core, GError **error); /* of HostView */
/* Adds it, or changes all but provider and uri. The host is asked: FAULT_CONFIG, FAULT_DESKTOP. */
gboolean core_host_add(Core *core, const char *admin, const HostView *host, GError **error);
/* FAULT_BUSY while something is on it or a pool may use it. */
gboolean core_host_remove(Core *core, const char *admin, const char *name, GError **error);
/* drain: it gets nothing new, and loses what can go (hosts.h); FALSE takes that back. */
gboolean core_host_drain(Core *core, const char *admin, const char *name, gboolean drain,
			 GError **error);
/* Clear *out with pool_hosts_view_clear(). */
gboolean core_pool_hosts(Core *core, const char *pool, PoolHostsView *out, GError **error);
/* For desktops made from now on. All of the pool's provider. */
gboolean core_pool_set_hosts(Core *core, const char *admin, const PoolHostsView *hosts,
			     GError **error);

/* A computer that is there already. */
typedef struct {
	const char *pool, *name;
	const char *protocol;     /* "vnc", "spice"                                           */
	const char *address;      /* HOST:PORT or unix:/PATH                                  */
	const char *secret;       /* the display's password or NULL                           */
	const char *power;        /* how it is switched (provider/machine_power.h), or NULL   */
	const char *power_secret; /* ... the password for that, or NULL                       */
} MachineSpec;
/* *out_id is the new desktop's (g_free). */
gboolean core_machine_add(Core *core, const char *admin, const MachineSpec *machine, char **out_id,
			  GError **error);
/* A fresh token (secret_free) with which that machine says who sits at it; the one before
 * is void. */
char *core_machine_token(Core *core, const char *admin, const char *id, GError **error);
/* The machine says: this person sits at me, for so long if nothing more is said; user NULL: nobody
 * does. While somebody does, nobody else is given it, and it is not switched off. FAULT_DENIED for
 * a wrong token. */
gboolean core_machine_local(Core *core, const char *id, const char *token, const char *user,
			    unsigned seconds, GError **error);
/* Ends its session first. */
gboolean core_machine_remove(Core *core, const char *admin, const char *id, GError **error);
GPtrArray *core_entitlements(Core *core, GError **error);
/* Either a user or a group, the other NULL. grant FALSE withdraws it, and with it every ticket for
 * this pool that is not spent. */
gboolean core_entitle(Core *core, const char *admin, const char *pool, const char *user,
		      const char *group, gboolean grant, GError **error);
GPtrArray *core_admin_desktops(Core *core, GError **error);
/* Only some of them: see store_desktops_found(). */
GPtrArray *core_admin_desktops_found(Core *core, const char *text, const char *order, gboolean down,
				     unsigned limit, GError **error);
GPtrArray *core_maintenances(Core *core, GError **error);
/* Or changes its words. FAULT_NOT_FOUND for a pool or a desktop that is not there. */
gboolean core_maintenance_begin(Core *core, const char *admin, const MaintenanceView *view,
				GError **error);
gboolean core_maintenance_end(Core *core, const char *admin, const char *kind, const char *name,
			      GError **error);
GPtrArray *core_quotas(Core *core, GError **error);
/* Or changes it. */
gboolean core_quota_set(Core *core, const char *admin, const QuotaView *quota, GError **error);
gboolean core_quota_remove(Core *core, const char *admin, const char *kind, const char *name,
			   GError **error);
/* Who must wait until the next login is heard, and who may not log in. */
GPtrArray *core_bans(Core *core, GError **error);
/* Either a user or an address, the other NULL; minutes 0 = for good. Who is in stays in. */
gboolean core_ban(Core *core, const char *admin, const char *user, const char *address,
		  guint64 minutes, const char *reason, GError **error);
/* Lifts bans and forgets refused logins of a user, or of an address. Both: this user is treated
 * from now on as one who has logged in from there before. FAULT_NOT_FOUND if there was nothing. */
gboolean core_unlock(Core *core, const char *admin, const char *user, const char *address,
		     GError **error);
/* action: "start", "stop", "reset", "release" (no owner any more; what was used is reset). */
gboolean core_desktop_action(Core *core, const char *admin, const char *id, const char *action,
			     GError **error);
/* What its screen shows, as a small PNG, every few seconds anew. A look is audited. FAULT_NOT_FOUND
 * where it is not shown (options->screens), or not running; FAULT_BUSY; FAULT_DESKTOP. */
GBytes *core_desktop_screen(Core *core, const char *admin, const char *id, GError **error);
/* text: what an entry must hold somewhere, in any case; NULL = all. before_id 0 = from
 * the newest. */
GPtrArray *core_audit(Core *core, gint64 before_id, unsigned limit, const char *text,
		      GError **error);

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
