/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_power: a running QEMU is made to stand still, to go on and to end, by its monitor; and
 * whether it stands still, which is remembered by a file in its place.
 */
#pragma once

#include <glib.h>

/* Makes it stand still, or go on. FAULT_DESKTOP, FAULT_TIMEOUT. */
gboolean qemu_power_set_still(const char *place, gboolean still, GError **error);
gboolean qemu_power_stands_still(const char *place);
/* There is no QEMU any more. */
void qemu_power_forget(const char *place);

/* Presses its power button, and waits for QEMU's end: FALSE, it runs on. And without asking the
 * guest. The pidfd stays the caller's. */
gboolean qemu_power_shut_down(const char *place, int pidfd);
gboolean qemu_power_end(const char *place, int pidfd, GError **error);
