/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_randoms: what each clone's kernel made of chance when it had become somebody
 * (guest_identity.h). Two that say the same are still one, and the second is refused. Thread-safe.
 */
#pragma once

#include <glib.h>

typedef struct QemuRandoms QemuRandoms;

QemuRandoms *qemu_randoms_new(void);
void qemu_randoms_free(QemuRandoms *randoms);

/* FAULT_DESKTOP: another desktop has said that. */
gboolean qemu_randoms_put(QemuRandoms *randoms, const char *desktop_id, const char *random,
			  GError **error);
void qemu_randoms_forget(QemuRandoms *randoms, const char *desktop_id);
