/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reconcile: the broker was away; what its books say is compared with what is. */
#pragma once

#include "core_parts.h"

/* Before anything else runs. A provider that cannot be asked is no error: its desktops are marked,
 * and the next start tries again. FAULT_BROKER. */
gboolean reconcile(Core *core, GError **error);

/* Destroys what that provider has and the books do not. host: whose uri that is, or NULL; what the
 * books have on another host by now is forgotten here. */
void reconcile_orphans(Core *core, const char *provider, const char *uri, const char *host);
