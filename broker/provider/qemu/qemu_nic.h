/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_nic: plugs a network card into a guest that runs: a copy, whose memory knows of none. */
#pragma once

#include "provider.h"

/* place: the desktop's directory. nic: what nic_take() gave; stays the caller's. The card is where
 * qemu_argv() puts it at the next start. FAULT_DESKTOP, FAULT_TIMEOUT. */
gboolean qemu_nic_plug(const char *place, const ProviderDesktop *desktop, int nic, gint64 deadline,
		       GError **error);
