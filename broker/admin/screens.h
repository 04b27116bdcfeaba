/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screens: who may see which desktop's screen, how often, and that it is in the audit log. What the
 * admin of the machine allows (oriel.conf(5): screens, private_pools) binds every admin of the
 * portal.
 */
#pragma once

#include "core_parts.h"
#include "store_desktop.h"

Screens *screens_new(void);
void screens_free(Screens *screens); /* accepts NULL */

/* True if this desktop's screen may be shown to its own person now. */
gboolean screens_own(const Options *options, const StoreDesktop *row, const char *user);
/* ... and to admins, as far as the books say. */
gboolean screens_allowed(const Options *options, const StoreDesktop *row);
