/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reconcile: the broker was away; what its books say is compared with what is. */
#pragma once

#include "core_parts.h"

/* Before anything else runs. A provider that cannot be asked is no error: its desktops are marked,
 * and the next start tries again. */
gboolean reconcile(Core *core, GError **error);
