/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_bridge: what oriel-bridge gives up before it reads the first byte of its client or its
 * desktop: every file but those that libraries are made of, to read; every system call but those
 * that decode, draw and move bytes over sockets that it was given. */
#pragma once

#include <glib.h>

/* Before the first thread. */
gboolean sandbox_bridge(GError **error);
