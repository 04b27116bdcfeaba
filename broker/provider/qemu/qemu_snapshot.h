/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_snapshot: snapshots inside a desktop's overlay (qcow2): through QEMU while it runs, of the
 * disk alone, as a power cut would leave it; with qemu-img while it does not. That reads a disk
 * which a QEMU that was taken over may have written: under the rules of that QEMU. */
#pragma once

#include "provider.h"
#include "qemu/qemu_rules.h"

/* place: the desktop's directory. PROVIDER_REVERT: it must not run. Doing it again is no error.
 * FAULT_CLIENT if it has no disk, FAULT_DESKTOP, FAULT_TIMEOUT. */
gboolean qemu_snapshot(const char *place, const QemuRules *rules, gboolean running,
		       ProviderSnapshot deed, const char *name, GError **error);
