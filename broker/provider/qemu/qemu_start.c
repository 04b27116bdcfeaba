/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_start: a desktop's QEMU is started and waited for: from its disk, or, the first time of an
 * instant clone, from its template's memory, until the guest has said who it is now.
 */
#include <unistd.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "nic.h"
#include "place.h"
#include "qemu/qemu.h"
#include "qemu/qemu_argv.h"
#include "qemu/qemu_clone.h"
#include "qemu/qemu_nic.h"
#include "qemu/qemu_power.h"
#include "qemu/qemu_process.h"
#include "qemu/qmp.h"

#define START_SECONDS 20 /* until QEMU's monitor answers */
#define WAKE_SECONDS  20 /* until a clone has said who it is */

/* Says what went wrong in QEMU's own words, if it has any, and ends it. Takes failure. */
static void give_up(const char *place, GError *failure, GError **error)
{
	autofd int pidfd = qemu_process_find(place);
	g_autofree char *words = NULL;

	if (pidfd >= 0)
		qemu_process_kill(pidfd, NULL);
	words = qemu_process_last_words(place);
	g_set_error(error, FAULT, failure->code, "%s", *words ? words : failure->message);
	g_error_free(failure);
}

/*
 * Waits until QEMU runs the guest. The monitor's socket was made before QEMU was, so the
 * connection stands from the beginning and breaks when QEMU gives up.
 */
static gboolean await_guest(const char *place, GError **error)
{
	g_autofree char *monitor = g_build_filename(place, QEMU_MONITOR, NULL);
	gint64 deadline = dial_deadline(START_SECONDS);
	g_autoptr(GError) failure = NULL;
	g_autoptr(Qmp) qmp = qmp_open(monitor, deadline, &failure);
	json_t *status = NULL;
	gboolean running = FALSE;

	if (qmp)
		status = qmp_execute(qmp, "query-status", NULL, deadline, &failure);
	if (status) {
		running = json_is_true(json_object_get(status, "running"));
		json_decref(status);
		if (running)
			return TRUE;
		g_set_error(&failure, FAULT, FAULT_DESKTOP, "QEMU does not run the guest");
	}
	give_up(place, g_steal_pointer(&failure), error);
	return FALSE;
}

/* Starts QEMU; its monitor can be connected to on return. */
static gboolean launch(Provider *provider, const ProviderDesktop *desktop, const char *identity,
		       QemuMemory memory, QemuProcessFiles files, GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	g_autofree char *monitor_path = g_build_filename(place, QEMU_MONITOR, NULL);
	g_auto(GStrv) argv = qemu_argv(
		desktop, qemu_accelerator(provider, &desktop->image), identity, memory,
		&(QemuNumbers){QEMU_PROCESS_MONITOR, QEMU_PROCESS_MEMORY, QEMU_PROCESS_NIC});
	g_autoptr(QemuRules) rules = qemu_rules_of(provider, desktop, error);
	/* Closed on return: the last one that can accept is QEMU. When it dies, connections do. */
	autofd int monitor = rules ? dial_listen(monitor_path, error) : -1;

	files.monitor = monitor;
	return monitor >= 0 && qemu_process_start(place, argv, &files, rules, error);
}

/* *out: what nic_take() takes; stays -1 if there is to be no card. */
static gboolean ask_for_nic(const ProviderDesktop *desktop, int *out, GError **error)
{
	const char *network = desktop->image.network;

	if (!nic_wanted(network))
		return TRUE;
	*out = nic_ask(desktop->nics, network, dial_deadline(NIC_SECONDS), error);
	return *out >= 0;
}

static gboolean boot(Provider *provider, const ProviderDesktop *desktop, const char *identity,
		     GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	autofd int asked = -1, nic = -1;

	if (!ask_for_nic(desktop, &asked, error))
		return FALSE;
	if (asked >= 0) {
		nic = nic_take(autofd_steal(&asked), desktop->image.network,
			       dial_deadline(NIC_SECONDS), error);
		if (nic < 0)
			return FALSE;
	}
	return launch(provider, desktop, identity, QEMU_MEMORY_OWN,
		      (QemuProcessFiles){.memory = -1, .nic = nic}, error) &&
	       await_guest(place, error);
}

/* The clone runs, and is somebody: with its card it asks for a lease in its own name. */
static gboolean plug_nic(const char *place, const ProviderDesktop *desktop, int *asked,
			 GError **error)
{
	gint64 deadline = dial_deadline(NIC_SECONDS);
	autofd int nic = -1;

	if (*asked < 0)
		return TRUE;
	nic = nic_take(autofd_steal(asked), desktop->image.network, deadline, error);
	return nic >= 0 && qemu_nic_plug(place, desktop, nic, deadline, error);
}

/* On the template's disk, which is as its guest's memory knows it. */
static gboolean lay_overlay(Provider *provider, const ProviderDesktop *desktop, const char *key,
			    GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	g_autofree char *overlay = g_build_filename(place, QEMU_OVERLAY, NULL);
	g_autofree char *dir = qemu_templates_dir(provider->templates, key);
	g_autofree char *disk = g_build_filename(dir, QEMU_OVERLAY, NULL);

	return !desktop->image.disk || place_overlay(overlay, disk, error);
}

/* The first start of an instant clone. Cut short, it is done again from the beginning: nobody has
 * been there, and what it wrote meanwhile goes with its overlay. */
static gboolean wake(Provider *provider, const ProviderDesktop *desktop, const char *identity,
		     GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	g_autofree char *key = place_template(provider->dir, desktop->id);
	g_autofree char *random = NULL;
	g_autoptr(GError) failure = NULL;
	autofd int state = -1, memory = -1, asked = -1;

	if (!key) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: of no template", desktop->id);
		return FALSE;
	}
	if (!qemu_templates_open(provider->templates, key, &state, &memory, error) ||
	    !lay_overlay(provider, desktop, key, error) ||
	    !ask_for_nic(desktop, &asked, error) || /* made while the clone wakes */
	    !launch(provider, desktop, identity, QEMU_MEMORY_CLONE,
		    (QemuProcessFiles){.memory = memory, .nic = -1}, error))
		return FALSE;
	if (qemu_clone_wake(place, desktop, identity, state, dial_deadline(WAKE_SECONDS), &random,
			    &failure) &&
	    qemu_randoms_put(provider->randoms, desktop->id, random, &failure) &&
	    plug_nic(place, desktop, &asked, &failure) &&
	    place_proven(provider->dir, desktop->id, random, &failure))
		return TRUE;
	give_up(place, g_steal_pointer(&failure), error);
	return FALSE;
}

gboolean qemu_start(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	g_autofree char *place = place_of(provider->dir, desktop->id);
	g_autofree char *identity = place_identity(provider->dir, desktop->id);
	gboolean unproven = place_unproven(provider->dir, desktop->id);
	int pidfd = qemu_process_find(place);

	if (pidfd >= 0 && unproven) {
		gboolean killed = qemu_process_kill(pidfd, error);

		close(pidfd);
		pidfd = -1;
		if (!killed)
			return FALSE;
	}
	if (pidfd >= 0 && qemu_power_stands_still(place) &&
	    !qemu_power_set_still(place, FALSE, error)) {
		close(pidfd);
		return FALSE;
	}
	if (pidfd < 0) {
		qemu_power_forget(place);
		if (!identity) {
			g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s: no such desktop",
				    desktop->id);
			return FALSE;
		}
		if (!place_check_image(&desktop->image, error) ||
		    !(unproven ? wake(provider, desktop, identity, error)
			       : boot(provider, desktop, identity, error)))
			return FALSE;
		pidfd = qemu_process_find(place);
	}
	if (pidfd < 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU ended as soon as it had started");
		return FALSE;
	}
	qemu_watch_add(provider->watch, desktop->id, pidfd);
	return TRUE;
}
