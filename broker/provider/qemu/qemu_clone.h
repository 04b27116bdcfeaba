/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_clone: what is asked of a QEMU so that its guest can be copied, and so that it becomes a
 * copy. The guest's memory is a file, which the state leaves out (x-ignore-shared): a template's
 * QEMU has it as its own, a clone maps it for itself and copies what it writes to.
 */
#pragma once

#include "provider.h"
#include "qemu/qmp.h"

/* Stops the guest and writes its devices' state to the inherited file of that number (a regular
 * one, empty). FAULT_DESKTOP, FAULT_TIMEOUT. */
gboolean qemu_clone_save(Qmp *qmp, int state, gint64 deadline, GError **error);

/*
 * In the desktop's directory a QEMU waits (QEMU_MEMORY_CLONE): reads such a file, tells the guest
 * who it is, lets it run, and returns when the guest has told it back. *out_random as in
 * guest_identity.h. FAULT_DESKTOP, FAULT_TIMEOUT.
 */
gboolean qemu_clone_wake(const char *place, const ProviderDesktop *desktop, const char *identity,
			 int state, gint64 deadline, char **out_random, GError **error);
