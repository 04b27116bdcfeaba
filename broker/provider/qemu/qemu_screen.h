/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_screen: what a QEMU desktop's screen shows, as a PPM. */
#pragma once

#include "provider.h"

/* place: the desktop's directory, where QEMU writes it and from where it is removed at once. One at
 * a time for each desktop. FAULT_DESKTOP, FAULT_TIMEOUT. */
GBytes *qemu_screen_take(const char *place, GError **error);
