/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confine: the whole sandbox of a process that has all its connections from the start and opens
 * nothing more but files that anybody may read. */
#pragma once

#include "landlock.h"

/* For good: rights.h, these paths (landlock.h), and then the system calls that allow_calls leaves
 * (syscalls.h). A build for checking keeps the last two open. */
gboolean confine(const LandlockPath *paths, gsize n, gboolean (*allow_calls)(GError **),
		 GError **error);
