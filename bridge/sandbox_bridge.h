/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_bridge: what oriel-bridge gives up before it hears of its client and its desktop, beyond what
 * the broker took when it started it (broker/child_rules.h): running programs, and being looked into. */
#pragma once

#include <glib.h>

gboolean sandbox_bridge(GError **error);
