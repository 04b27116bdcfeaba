/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * provider: whoever makes desktops run. One vtable, one driver per file (provider_qemu.c,
 * provider_libvirt.c, provider_container.c, provider_machine.c) with the same functions in the same
 * order. What a driver
 * lacks is NULL, and its caps say so.
 *
 * All calls block (bounded, seconds) and may come from several threads at once; calls for one
 * desktop are serialised by the life cycle (desktop.c). Every step is idempotent: doing it again
 * after a crash gives the same state. Errors: FAULT_DESKTOP (the hypervisor, the guest, the
 * network), FAULT_CONFIG (image missing, bad URI), FAULT_NOT_FOUND (no such desktop there).
 */
#pragma once

#include <glib.h>

#include "control/control.h"

typedef struct Provider Provider;

enum {
	PROVIDER_CLONES = 1 << 0,    /* makes desktops from images             */
	PROVIDER_POWER = 1 << 1,     /* can start and stop (machine: some)     */
	PROVIDER_RESETS = 1 << 2,    /* can throw the overlay away             */
	PROVIDER_TICKETS = 1 << 3,   /* sets a per-session display password    */
	PROVIDER_EVENTS = 1 << 4,    /* tells when a desktop stops by itself   */
	PROVIDER_SURVIVES = 1 << 5,  /* desktops outlive the broker            */
	PROVIDER_LOCAL = 1 << 6,     /* ... on its machine, for no other one   */
	PROVIDER_SNAPSHOTS = 1 << 7, /* keeps what a disk was like            */
	PROVIDER_WEIGHS = 1 << 8,    /* heeds ProviderDesktop.weight, where its host has cgroups */
	PROVIDER_SUSPENDS = 1 << 9,  /* suspend(), and start() goes on          */
	PROVIDER_MIGRATES = 1 << 10, /* migrate()                               */
	PROVIDER_INSTANT = 1 << 11,  /* prepare()                               */
	PROVIDER_DISKS = 1 << 12,    /* a desktop's disk is an overlay on its image's */
};

/* What one provider that is open can do: a driver may open hypervisors that differ. */
typedef struct {
	const char *name;  /* of the hypervisor, for people; static              */
	unsigned caps;     /* of the above                                      */
	unsigned displays; /* that its desktops can have: PROVIDER_VNC and so on */
} ProviderAbility;

/* Suspended: it keeps its memory and its place but no processor; start() lets it go on. */
typedef enum {
	PROVIDER_ABSENT,
	PROVIDER_STOPPED,
	PROVIDER_SUSPENDED,
	PROVIDER_RUNNING
} ProviderState;

/* What a host has. */
typedef struct {
	unsigned cpus, memory; /* MiB */
} ProviderHost;

/* A golden image: files never written to by a desktop. Owned by the caller. */
typedef struct {
	const char *id;
	unsigned version;
	const char *disk;   /* qcow2 or raw; NULL = none (a guest that lives in its initrd) */
	const char *kernel; /* direct boot; NULL = from the disk                            */
	const char *initrd;
	const char *cmdline;
	const char *xml; /* libvirt: domain template file, NULL = the built-in one       */
	unsigned memory; /* MiB  */
	unsigned cpus;
	const char *video;   /* "std", "qxl" or "virtio"                    */
	const char *network; /* of qemu: nic.h; NULL = no network card      */
	gboolean instant;    /* clones are copies of a booted guest, see prepare() */
} ProviderImage;

/* What a driver needs to know about one desktop. Owned by the caller. */
typedef struct {
	const char *id;           /* [a-z0-9-], unique for ever; names files and domains */
	const char *name;         /* host name for people                                */
	const char *address;      /* machine: "host:port" or "unix:/path"                */
	const char *protocol;     /* machine: "vnc", "spice", "rdp"                        */
	const char *secret;       /* machine: the display's password or NULL             */
	const char *power;        /* machine: see machine_power.h, NULL = it has none    */
	const char *power_secret; /* ... its password or NULL                         */
	const char *power_ca;     /* ... PEM file to trust or NULL                    */
	const char *nics;         /* the socket of oriel-nic, for an image with a network */
	unsigned weight;          /* percent of what others get of processor and disk; 0 = 100 */
	ProviderImage image;      /* zero for machines                                   */
} ProviderDesktop;

/* Called from a thread of the driver's own; must not call the driver back. */
typedef void (*ProviderEvent)(const char *desktop_id, ProviderState state, gpointer user_data);

/* TRUE: whoever asked does not want to wait any longer. */
typedef gboolean (*ProviderGiveUp)(gpointer data);

#define PROVIDER_SCREEN_MAX (64 * 1024 * 1024)

typedef enum { PROVIDER_TAKE, PROVIDER_REVERT, PROVIDER_FORGET } ProviderSnapshot;

typedef struct {
	const char *name; /* "qemu", "libvirt", "container", "machine"              */
	unsigned caps;    /* at the best; see ability()                             */
	unsigned shows;   /* the same: which displays its desktops can have         */

	/* uri: "" for qemu and machine; a libvirt URI; a container
	 * engine's unix:///path. dir: the driver's own directory, made by
	 * it, mode 0700. accel: "auto", "kvm", "tcg". */
	Provider *(*open)(const char *uri, const char *dir, const char *accel, ProviderEvent event,
			  gpointer user_data, GError **error);
	void (*close)(Provider *provider);
	/* NULL: whatever it opened, it can what the driver can. Asks nobody. */
	void (*ability)(const Provider *provider, ProviderAbility *out);

	/* Checks that the image's files are there and usable. FAULT_CLIENT: what it asks for, this
	 * hypervisor cannot. */
	gboolean (*image_ensure)(Provider *provider, const ProviderImage *image, GError **error);

	/*
	 * For image->instant: boots a guest of the image and keeps its memory and disk, for clone()
	 * to make desktops of. Blocks while it boots (minutes, or until give_up(data)); does
	 * nothing if it is there. NULL: this driver's desktops boot. prepared() tells without work
	 * whether it is there.
	 */
	gboolean (*prepare)(Provider *provider, const ProviderImage *image, ProviderGiveUp give_up,
			    gpointer data, GError **error);
	gboolean (*prepared)(Provider *provider, const ProviderImage *image);
	/* Throws away what prepare() has made of images that are not among these n, unless a
	 * desktop rests on it. */
	void (*tidy)(Provider *provider, const ProviderImage *images, gsize n);

	/* Makes the desktop from its image (FAULT_BUSY: instant, and not prepared); *out_identity
	 * (g_free) names the fresh overlay and is different after every clone and reset: the proof
	 * that nothing of the last user is left. */
	gboolean (*clone)(Provider *provider, const ProviderDesktop *desktop, char **out_identity,
			  GError **error);
	gboolean (*start)(Provider *provider, const ProviderDesktop *desktop, GError **error);
	/* Returns when it is stopped. force: no question to the guest. */
	gboolean (*stop)(Provider *provider, const ProviderDesktop *desktop, gboolean force,
			 GError **error);
	/* A running one stands still, with its windows open. NULL: it cannot. */
	gboolean (*suspend)(Provider *provider, const ProviderDesktop *desktop, GError **error);
	gboolean (*state)(Provider *provider, const ProviderDesktop *desktop,
			  ProviderState *out_state, GError **error);

	/* Which displays: a mask of PROVIDER_VNC, PROVIDER_SPICE, PROVIDER_RDP. */
	unsigned (*displays)(Provider *provider, const ProviderDesktop *desktop);
	/*
	 * A way to the display, waiting for it up to `seconds` after a start: a freshly connected
	 * descriptor (*out_fd >= 0, owned by the caller, endpoint->has_fd) or an address. Once per
	 * SPICE channel. far: for a viewer, wherever that is; else for somebody on this machine,
	 * for whom it is not worth packing pictures (dial_pair()).
	 */
	gboolean (*display)(Provider *provider, const ProviderDesktop *desktop,
			    const char *protocol, gboolean far, unsigned seconds,
			    Endpoint *out_endpoint, int *out_fd, GError **error);
	/* What its screen shows now, as a PPM of up to PROVIDER_SCREEN_MAX bytes; NULL =
	 * it cannot. */
	GBytes *(*screen)(Provider *provider, const ProviderDesktop *desktop, GError **error);
	gboolean (*set_ticket)(Provider *provider, const ProviderDesktop *desktop,
			       const char *protocol, const char *password, unsigned seconds,
			       GError **error);

	/* Stops it and puts a fresh overlay in place of the old one; new identity as in clone. */
	gboolean (*reset)(Provider *provider, const ProviderDesktop *desktop, char **out_identity,
			  GError **error);
	/* Takes a snapshot of the disk under this name ([a-z0-9-]), also while it runs; stops it
	 * and makes the disk what it was then; or forgets it. A reset forgets all. */
	gboolean (*snapshot)(Provider *provider, const ProviderDesktop *desktop,
			     ProviderSnapshot deed, const char *name, GError **error);
	/* Stops it and removes every trace. Not an error if there is none. */
	gboolean (*destroy)(Provider *provider, const ProviderDesktop *desktop, GError **error);
	/* The ids of all desktops that this driver finds (running or not), for the books. */
	GPtrArray *(*list)(Provider *provider, GError **error);

	/* ---- where desktops can be on one of several hosts; else NULL */

	/* The host answers, and has that much. */
	gboolean (*host)(Provider *provider, ProviderHost *out, GError **error);
	/* The desktop's overlay is there already, on storage that this host shares with the one
	 * that it was on: makes it known here, with that identity, stopped. */
	gboolean (*adopt)(Provider *provider, const ProviderDesktop *desktop, const char *identity,
			  GError **error);
	/* Moves a running desktop to another host of the same driver and storage, while it runs; on
	 * this one it is forgotten. Takes up to minutes; when it fails, the desktop goes
	 * on here. */
	gboolean (*migrate)(Provider *provider, Provider *to, const ProviderDesktop *desktop,
			    GError **error);
	/* Ends it here and forgets it, but leaves its overlay. */
	gboolean (*forget)(Provider *provider, const ProviderDesktop *desktop, GError **error);
} ProviderOps;

enum { PROVIDER_VNC = 1, PROVIDER_SPICE = 2, PROVIDER_RDP = 4 };

extern const ProviderOps provider_qemu, provider_libvirt, provider_container, provider_machine;

static inline ProviderAbility provider_ability(const ProviderOps *ops, const Provider *provider)
{
	ProviderAbility able = {ops->name, ops->caps, ops->shows};

	if (ops->ability)
		ops->ability(provider, &able);
	return able;
}

/* The driver of that name or NULL. */
const ProviderOps *provider_find(const char *name);
