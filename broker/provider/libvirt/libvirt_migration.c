/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_migration: see libvirt_migration.h. */
#include "libvirt/libvirt_migration.h"

#include <string.h>

#include "fault.h"
#include "libvirt/libvirt_link.h"
#include "libvirt/libvirt_xml.h"

#define SECONDS 600

/* libvirt has no deadline for it. */
typedef struct {
	virDomainPtr domain;
	GMutex lock;
	GCond over;
	gboolean done, aborted;
} Watchdog;

static gpointer watch(gpointer data)
{
	Watchdog *dog = data;
	gint64 deadline = g_get_monotonic_time() + (gint64)SECONDS * G_USEC_PER_SEC;

	g_mutex_lock(&dog->lock);
	while (!dog->done && !dog->aborted)
		dog->aborted = !g_cond_wait_until(&dog->over, &dog->lock, deadline);
	g_mutex_unlock(&dog->lock);
	if (dog->aborted)
		virDomainAbortJob(dog->domain);
	return NULL;
}

gboolean libvirt_migration_run(virDomainPtr domain, virConnectPtr there, const char *host,
			       GError **error)
{
	const unsigned flags = VIR_MIGRATE_LIVE | VIR_MIGRATE_PERSIST_DEST |
			       VIR_MIGRATE_UNDEFINE_SOURCE | VIR_MIGRATE_AUTO_CONVERGE |
			       VIR_MIGRATE_UNSAFE;
	g_autofree char *uri = g_strdup_printf(strchr(host, ':') ? "tcp://[%s]" : "tcp://%s", host);
	Watchdog dog = {.domain = domain};
	virTypedParameterPtr parameters = NULL;
	int n = 0, size = 0;
	virDomainPtr moved;
	gboolean unplugged;
	GThread *thread;

	if (virTypedParamsAddString(&parameters, &n, &size, VIR_MIGRATE_PARAM_URI, uri) < 0) {
		libvirt_set_error(error, FAULT_BUG, "migration");
		return FALSE;
	}
	g_mutex_init(&dog.lock);
	g_cond_init(&dog.over);
	thread = g_thread_new("migration", watch, &dog);
	/* A template may have none: then there is nothing to take away, nor to give back. */
	unplugged = virDomainDetachDeviceFlags(domain, LIBVIRT_CLIPBOARD, VIR_DOMAIN_AFFECT_LIVE) ==
		    0;
	moved = virDomainMigrate3(domain, there, parameters, (unsigned)n, flags);
	if (!moved)
		libvirt_set_error(error, dog.aborted ? FAULT_TIMEOUT : FAULT_DESKTOP, "migration");
	virTypedParamsFree(parameters, n);
	/* Without it there is no clipboard until the next start: no reason to call it a failure. */
	if (unplugged)
		virDomainAttachDeviceFlags(moved ? moved : domain, LIBVIRT_CLIPBOARD,
					   VIR_DOMAIN_AFFECT_LIVE);
	g_mutex_lock(&dog.lock);
	dog.done = TRUE;
	g_cond_signal(&dog.over);
	g_mutex_unlock(&dog.lock);
	g_thread_join(thread);
	g_mutex_clear(&dog.lock);
	g_cond_clear(&dog.over);
	if (moved)
		virDomainFree(moved);
	return moved != NULL;
}
