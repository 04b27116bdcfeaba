/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core_admin: what the broker can do for its admins (orielctl over the admin's socket, the console
 * over HTTPS), as core.h has it for people: the same rules of threads, owners and faults. `admin`
 * is who does it, for the audit log, in which every change stands.
 */
#pragma once

#include "core.h"

/* ---- images */

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

GPtrArray *core_images(Core *core, GError **error); /* every version, the newest of each first */
/* Adds a version of the image of that name. copy: of the files, into our own keeping, so that the
 * admin may change theirs. Pools go on with what they have until it is published to them. */
gboolean core_image_add(Core *core, const char *admin, const ImageView *image, gboolean copy,
			unsigned *out_version, GError **error);
/* All its versions; FAULT_BUSY while a pool or a desktop uses one. */
gboolean core_image_remove(Core *core, const char *admin, const char *name, GError **error);

/* ---- pools */

typedef struct {
	char *name;
	char *kind;       /* "dedicated", "floating", "machines"       */
	char *image;      /* NULL for machines                         */
	char *provider;   /* "qemu", "libvirt", "container", "machine" */
	char *uri;        /* of libvirt and container; "" else         */
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

GPtrArray *core_pools(Core *core, GError **error);
/* Adds it, or changes max, spare and instant of the one of that name and publishes to it what it
 * does not have yet. */
gboolean core_pool_add(Core *core, const char *admin, const PoolView *pool, GError **error);
/*
 * From now on the pool's desktops are made from that image (NULL = the same) and version (0 = the
 * newest). Free desktops go over at once, the ready ones as others take their place; one in use at
 * its next reset; a dedicated one when its user or an admin says so.
 */
gboolean core_pool_publish(Core *core, const char *admin, const char *pool, const char *image,
			   unsigned version, GError **error);
/* Publishes what was published before. FAULT_CLIENT if there is nothing to go back to. */
gboolean core_pool_rollback(Core *core, const char *admin, const char *pool, GError **error);
/* Refuses (FAULT_BUSY) while a desktop of it is in use; else destroys its desktops. */
gboolean core_pool_remove(Core *core, const char *admin, const char *name, GError **error);

/* What becomes of the desktops of a pool (broker/upkeep/plan.h). Actions: "nothing", "suspend",
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

GPtrArray *core_plans(Core *core, GError **error); /* one for each pool, set or not */
PlanView *core_plan(Core *core, const char *pool, GError **error);
/* From the next event on. FAULT_CLIENT for an action that the pool's desktops do not know. */
gboolean core_plan_set(Core *core, const char *admin, const PlanView *plan, GError **error);

typedef struct {
	char *pool, *user, *group; /* user or group, the other NULL */
} EntitlementView;
void entitlement_view_free(EntitlementView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EntitlementView, entitlement_view_free)

GPtrArray *core_entitlements(Core *core, GError **error);
gboolean core_entitle(Core *core, const char *admin, const EntitlementView *to, GError **error);
/* With it goes every ticket for this pool that is not spent. */
gboolean core_unentitle(Core *core, const char *admin, const EntitlementView *to, GError **error);

/* ---- hosts */

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

GPtrArray *core_hosts(Core *core, GError **error); /* of HostView */
/* Adds it, or changes all but provider and uri. The host is asked: FAULT_CONFIG, FAULT_DESKTOP. */
gboolean core_host_add(Core *core, const char *admin, const HostView *host, GError **error);
/* FAULT_BUSY while something is on it or a pool may use it. */
gboolean core_host_remove(Core *core, const char *admin, const char *name, GError **error);
/* It gets nothing new, and loses what can go (hosts.h); until it is taken back. */
gboolean core_host_drain(Core *core, const char *admin, const char *name, GError **error);
gboolean core_host_resume(Core *core, const char *admin, const char *name, GError **error);

/* On which hosts a pool's desktops go; with none, where its provider and uri say. */
typedef struct {
	char *pool;
	char **hosts;
	char *placement; /* "spread", "pack"                          */
	unsigned apart;  /* of the pool on one host at most; 0 = any  */
} PoolHostsView;
void pool_hosts_view_clear(PoolHostsView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PoolHostsView, pool_hosts_view_clear)

/* Clear *out with pool_hosts_view_clear(). */
gboolean core_pool_hosts(Core *core, const char *pool, PoolHostsView *out, GError **error);
/* For desktops made from now on. All of the pool's provider. */
gboolean core_pool_set_hosts(Core *core, const char *admin, const PoolHostsView *hosts,
			     GError **error);

/* ---- machines */

/* A computer that is there already. */
typedef struct {
	const char *pool, *name;
	const char *protocol; /* "vnc", "spice", "rdp"                                    */
	const char *address;  /* HOST:PORT or unix:/PATH                                  */
	const char *secret;   /* the display's password or NULL                           */
	const char *power;    /* how it is switched (provider/machine/machine_power.h), or NULL   */
	const char *power_secret; /* ... the password for that, or NULL                       */
} MachineSpec;

/* *out_id is the new desktop's (g_free). */
gboolean core_machine_add(Core *core, const char *admin, const MachineSpec *machine, char **out_id,
			  GError **error);
/* Ends its session first. */
gboolean core_machine_remove(Core *core, const char *admin, const char *id, GError **error);
/* A fresh token (secret_free) with which that machine says who sits at it; the one before
 * is void. */
char *core_machine_token(Core *core, const char *admin, const char *id, GError **error);
/* The machine says: this person sits at me, for so long if nothing more is said; user NULL: nobody
 * does. While somebody does, nobody else is given it, and it is not switched off. FAULT_DENIED for
 * a wrong token. */
gboolean core_machine_local(Core *core, const char *id, const char *token, const char *user,
			    unsigned seconds, GError **error);

/* ---- desktops */

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

GPtrArray *core_admin_desktops(Core *core, GError **error);
/* Only some of them: see store_desktops_found(). */
GPtrArray *core_admin_desktops_found(Core *core, const char *text, const char *order, gboolean down,
				     unsigned limit, GError **error);
/* action: "start", "stop", "reset", "release" (no owner any more; what was used is reset). */
gboolean core_desktop_action(Core *core, const char *admin, const char *id, const char *action,
			     GError **error);
/* What its screen shows, as a small PNG, every few seconds anew. A look is audited. FAULT_NOT_FOUND
 * where it is not shown (options->screens), or not running; FAULT_BUSY; FAULT_DESKTOP. */
GBytes *core_desktop_screen(Core *core, const char *admin, const char *id, GError **error);

/* ---- maintenance */

/* Closed for a while (broker/upkeep/maintenance.h). */
typedef struct {
	char *kind, *name; /* "pool", "host", "desktop" (its id) */
	char *words;       /* for people; NULL or "" = some       */
	gint64 since;      /* views only                          */
	unsigned sessions; /* views only: that still run there    */
} MaintenanceView;
void maintenance_view_free(MaintenanceView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MaintenanceView, maintenance_view_free)

GPtrArray *core_maintenances(Core *core, GError **error);
/* Or changes its words. FAULT_NOT_FOUND for a pool or a desktop that is not there. */
gboolean core_maintenance_begin(Core *core, const char *admin, const MaintenanceView *view,
				GError **error);
gboolean core_maintenance_end(Core *core, const char *admin, const char *kind, const char *name,
			      GError **error);

/* ---- quotas */

/* How much a user (name "*": who has no other), each member of a group, or all of a pool together
 * may have at a time; 0 = any number. */
typedef struct {
	char *kind, *name; /* "user", "group", "pool" */
	unsigned desktops, sessions, memory /* MiB */, cpus;
} QuotaView;
void quota_view_free(QuotaView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QuotaView, quota_view_free)

GPtrArray *core_quotas(Core *core, GError **error);
/* Or changes it. */
gboolean core_quota_set(Core *core, const char *admin, const QuotaView *quota, GError **error);
gboolean core_quota_remove(Core *core, const char *admin, const char *kind, const char *name,
			   GError **error);

/* ---- bans */

typedef struct {
	char *user,
		*address;  /* NULL = whoever, from everywhere; both: known there (auth/limit.h) */
	gint64 until;      /* s since 1970, 0 = for good                                      */
	unsigned failures; /* refused logins that led to it                                   */
	char *admin, *reason; /* NULL = refused logins alone                                     */
} BanView;
void ban_view_free(BanView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BanView, ban_view_free)

/* Who must wait until the next login is heard, and who may not log in. */
GPtrArray *core_bans(Core *core, GError **error);
/* Either a user or an address, the other NULL; minutes 0 = for good. A banned user's
 * logins open nothing more; a session that is on stays. */
gboolean core_ban(Core *core, const char *admin, const char *user, const char *address,
		  guint64 minutes, const char *reason, GError **error);
/* Lifts bans and forgets refused logins of a user, or of an address. Both: this user is treated
 * from now on as one who has logged in from there before. FAULT_NOT_FOUND if there was nothing. */
gboolean core_unlock(Core *core, const char *admin, const char *user, const char *address,
		     GError **error);

/* ---- audit */

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

/* text: what an entry must hold somewhere, in any case; NULL = all. before_id 0 = from
 * the newest. */
GPtrArray *core_audit(Core *core, gint64 before_id, unsigned limit, const char *text,
		      GError **error);
