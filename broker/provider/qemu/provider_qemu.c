/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * provider_qemu: desktops as plain QEMU processes on this machine, the embedded default: no
 * daemon, no special user. Each has a directory (place.h); QEMU runs in it (qemu_process.h), with
 * its monitor and both displays on Unix sockets that only the broker's user can reach. What is
 * known about a desktop is on the disk and in the kernel, nothing in this process: a new broker
 * finds all of it again. Where the image allows it, desktops are copies of a booted guest
 * (qemu_template.h), each with an identity of its own (guest_identity.h).
 */
#include <unistd.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "place.h"
#include "qemu/qemu.h"
#include "qemu/qemu_argv.h"
#include "qemu/qemu_display.h"
#include "qemu/qemu_power.h"
#include "qemu/qemu_probe.h"
#include "qemu/qemu_process.h"
#include "qemu/qemu_screen.h"
#include "qemu/qemu_snapshot.h"

#define RETRY_MS 20

/* A clone that was cut short on its way to an identity is ended: it will be made again. What the
 * others have said counts on. */
static void watch_all(Provider *provider)
{
	g_autoptr(GPtrArray) ids = place_list(provider->dir, NULL);

	for (guint i = 0; ids && i < ids->len; i++) {
		const char *id = g_ptr_array_index(ids, i);
		g_autofree char *place = place_of(provider->dir, id);
		gboolean unproven = place_unproven(provider->dir, id);
		g_autofree char *random = unproven ? NULL : place_random(provider->dir, id);
		int pidfd = qemu_process_find(place);

		if (random)
			qemu_randoms_put(provider->randoms, id, random, NULL);
		if (pidfd >= 0 && unproven) {
			qemu_process_kill(pidfd, NULL);
			close(pidfd);
		} else if (pidfd >= 0) {
			qemu_watch_add(provider->watch, id, pidfd);
		}
	}
}

static Provider *qemu_open(const char *uri, const char *dir, const char *accel, ProviderEvent event,
			   gpointer user_data, GError **error)
{
	Provider *provider;

	if (!place_open(dir, error))
		return NULL;
	provider = g_new0(Provider, 1);
	provider->dir = g_canonicalize_filename(dir, NULL);
	provider->accel = g_strdup(accel);
	provider->watch = qemu_watch_new(event, user_data);
	provider->templates = qemu_templates_new(provider->dir);
	provider->randoms = qemu_randoms_new();
	watch_all(provider);
	return provider;
}

static void qemu_close(Provider *provider)
{
	if (!provider)
		return;
	qemu_watch_free(provider->watch);
	qemu_templates_free(provider->templates);
	qemu_randoms_free(provider->randoms);
	g_free(provider->accel);
	g_free(provider->dir);
	g_free(provider);
}

const char *qemu_accelerator(Provider *provider, const ProviderImage *image)
{
	return g_str_equal(provider->accel, "auto") ? qemu_probe(provider->dir, image->kernel)
						    : provider->accel;
}

QemuRules *qemu_rules_of(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	g_autofree char *inside = g_build_filename(place, QEMU_INSIDE, NULL);
	g_autofree char *key = place_template(provider->dir, desktop->id);
	g_autofree char *template = key ? qemu_templates_dir(provider->templates, key) : NULL;

	return qemu_rules_new(inside, provider->dir, template, &desktop->image, error);
}

/* Asks for the accelerator too, so that not the first user of an image waits for the answer. */
static gboolean qemu_image_ensure(Provider *provider, const ProviderImage *image, GError **error)
{
	if (!place_check_image(image, error))
		return FALSE;
	qemu_accelerator(provider, image);
	return TRUE;
}

static gboolean qemu_prepare(Provider *provider, const ProviderImage *image, ProviderGiveUp give_up,
			     gpointer data, GError **error)
{
	return place_check_image(image, error) &&
	       qemu_templates_make(provider->templates, image, qemu_accelerator(provider, image),
				   give_up, data, error);
}

static gboolean qemu_prepared(Provider *provider, const ProviderImage *image)
{
	g_autofree char *key = qemu_templates_key(image, qemu_accelerator(provider, image));

	return qemu_templates_ready(provider->templates, key);
}

static void qemu_tidy(Provider *provider, const ProviderImage *images, gsize n)
{
	g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) ids = place_list(provider->dir, NULL);

	for (gsize i = 0; i < n; i++)
		g_hash_table_add(keys, qemu_templates_key(&images[i],
							  qemu_accelerator(provider, &images[i])));
	for (guint i = 0; ids && i < ids->len; i++) {
		char *key = place_template(provider->dir, ids->pdata[i]);

		if (key)
			g_hash_table_add(keys, key);
	}
	if (ids)
		qemu_templates_keep(provider->templates, keys);
}

static gboolean qemu_stop(Provider *provider, const ProviderDesktop *desktop, gboolean force,
			  GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	/* The one that is held is believed before what lies on the disk. */
	autofd int pidfd = qemu_watch_take(provider->watch, desktop->id);

	if (pidfd < 0)
		pidfd = qemu_process_find(place);
	return pidfd < 0 || (!force && qemu_power_shut_down(place, pidfd)) ||
	       qemu_power_end(place, pidfd, error);
}

static gboolean renew_from_template(Provider *provider, const ProviderDesktop *desktop,
				    char **out_identity, GError **error)
{
	g_autofree char *key =
		qemu_templates_key(&desktop->image, qemu_accelerator(provider, &desktop->image));

	if (!qemu_templates_ready(provider->templates, key)) {
		g_set_error(error, FAULT, FAULT_BUSY, "no template has booted yet");
		return FALSE;
	}
	return place_renew(provider->dir, desktop->id, &desktop->image, key, out_identity, error);
}

static gboolean qemu_reset(Provider *provider, const ProviderDesktop *desktop, char **out_identity,
			   GError **error)
{
	if (!place_check_id(desktop->id, error) || !place_check_image(&desktop->image, error) ||
	    !qemu_stop(provider, desktop, TRUE, error))
		return FALSE;
	qemu_randoms_forget(provider->randoms, desktop->id);
	if (desktop->image.instant)
		return renew_from_template(provider, desktop, out_identity, error);
	return place_renew(provider->dir, desktop->id, &desktop->image, NULL, out_identity, error);
}

/* The same as a reset: what a clone that was cut short has left is nobody's. */
static gboolean qemu_clone(Provider *provider, const ProviderDesktop *desktop, char **out_identity,
			   GError **error)
{
	return qemu_reset(provider, desktop, out_identity, error);
}

static gboolean qemu_suspend(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);

	return qemu_power_set_still(place, TRUE, error);
}

static gboolean qemu_state(Provider *provider, const ProviderDesktop *desktop,
			   ProviderState *out_state, GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	g_autofree char *identity = place_identity(provider->dir, desktop->id);
	int pidfd = qemu_process_find(place);

	if (pidfd >= 0 && place_unproven(provider->dir, desktop->id)) {
		close(pidfd); /* nobody's yet; start() begins again */
		*out_state = PROVIDER_STOPPED;
	} else if (pidfd >= 0) {
		qemu_watch_add(provider->watch, desktop->id, pidfd);
		*out_state = qemu_power_stands_still(place) ? PROVIDER_SUSPENDED : PROVIDER_RUNNING;
	} else {
		*out_state = identity ? PROVIDER_STOPPED : PROVIDER_ABSENT;
	}
	return TRUE;
}

static unsigned qemu_displays(Provider *provider, const ProviderDesktop *desktop)
{
	return PROVIDER_VNC | PROVIDER_SPICE;
}

static GBytes *qemu_screen(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);

	return qemu_screen_take(place, error);
}

static gboolean qemu_display(Provider *provider, const ProviderDesktop *desktop,
			     const char *protocol, gboolean far, unsigned seconds,
			     Endpoint *out_endpoint, int *out_fd, GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	gint64 deadline = dial_deadline(seconds);

	for (;;) {
		g_autoptr(GError) failure = NULL;
		autofd int pidfd = qemu_process_find(place);
		int fd;

		if (pidfd < 0) {
			g_set_error(error, FAULT, FAULT_DESKTOP, "%s: not running", desktop->id);
			return FALSE;
		}
		fd = qemu_display_dial(place, protocol, far, deadline, &failure);
		if (fd >= 0) {
			*out_endpoint = (Endpoint){.protocol = g_strdup(protocol), .has_fd = TRUE};
			*out_fd = fd;
			return TRUE;
		}
		if (dial_milliseconds(deadline) == 0) {
			g_propagate_error(error, g_steal_pointer(&failure));
			return FALSE;
		}
		/* Its end ends the wait early. */
		qemu_process_wait(pidfd, MIN(deadline, g_get_monotonic_time() + RETRY_MS * 1000));
	}
}

static gboolean qemu_keep(Provider *provider, const ProviderDesktop *desktop, ProviderSnapshot deed,
			  const char *name, GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	g_autoptr(QemuRules) rules = NULL;
	autofd int pidfd = -1;

	if (!place_check_id(name, error) ||
	    (deed == PROVIDER_REVERT && !qemu_stop(provider, desktop, TRUE, error)))
		return FALSE;
	pidfd = qemu_process_find(place);
	rules = qemu_rules_of(provider, desktop, error);
	return rules && qemu_snapshot(place, rules, pidfd >= 0, deed, name, error);
}

static gboolean qemu_destroy(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	if (!place_check_id(desktop->id, error))
		return FALSE;
	qemu_randoms_forget(provider->randoms, desktop->id);
	return qemu_stop(provider, desktop, TRUE, error) &&
	       place_remove(provider->dir, desktop->id, error);
}

static GPtrArray *qemu_list(Provider *provider, GError **error)
{
	return place_list(provider->dir, error);
}

/* This machine. */
static gboolean qemu_host(Provider *provider, ProviderHost *out, GError **error)
{
	guint64 pages = (guint64)sysconf(_SC_PHYS_PAGES), size = (guint64)sysconf(_SC_PAGESIZE);

	*out = (ProviderHost){.cpus = g_get_num_processors(),
			      .memory = (unsigned)(pages * size >> 20)};
	return TRUE;
}

const ProviderOps provider_qemu = {
	.name = "qemu",
	.caps = PROVIDER_CLONES | PROVIDER_POWER | PROVIDER_RESETS | PROVIDER_EVENTS |
		PROVIDER_SURVIVES | PROVIDER_LOCAL | PROVIDER_SNAPSHOTS | PROVIDER_SUSPENDS |
		PROVIDER_INSTANT | PROVIDER_DISKS,
	.shows = PROVIDER_VNC | PROVIDER_SPICE,
	.open = qemu_open,
	.close = qemu_close,
	.image_ensure = qemu_image_ensure,
	.prepare = qemu_prepare,
	.prepared = qemu_prepared,
	.tidy = qemu_tidy,
	.clone = qemu_clone,
	.start = qemu_start,
	.stop = qemu_stop,
	.suspend = qemu_suspend,
	.state = qemu_state,
	.displays = qemu_displays,
	.display = qemu_display,
	.screen = qemu_screen,
	.reset = qemu_reset,
	.snapshot = qemu_keep,
	.destroy = qemu_destroy,
	.list = qemu_list,
	.host = qemu_host,
};
