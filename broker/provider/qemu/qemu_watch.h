/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_watch: a thread that waits for the ends of processes and tells them, once each. It owns the
 * pidfds that it watches and knows nothing else of a desktop but its id.
 */
#pragma once

#include "provider.h"

typedef struct QemuWatch QemuWatch;

/* event is called from the thread. */
QemuWatch *qemu_watch_new(ProviderEvent event, gpointer user_data);
/* No event comes after this. Not from within an event. */
void qemu_watch_free(QemuWatch *watch);

/* Tells PROVIDER_STOPPED when the process ends. Takes the pidfd; it replaces the one
 * that was watched for this desktop before. */
void qemu_watch_add(QemuWatch *watch, const char *desktop_id, int pidfd);
/* For an end that is wanted: the process (close() it), or -1 if none is watched. No event about it
 * any more, unless one is already on its way. */
int qemu_watch_take(QemuWatch *watch, const char *desktop_id);
