/* SPDX-License-Identifier: GPL-3.0-or-later */
/* times: how long one thing took, many times over, and what that comes to. A GArray of gint64: us.
 */
#pragma once

#include <glib.h>

GArray *times_new(void);
/* One more, that began then (g_get_monotonic_time()). Not from two threads at once. */
void times_note(GArray *times, gint64 since);
/* A line with the median, the 99th percentile and the longest. Sorts them. */
void times_show(const char *what, GArray *times);

/* A line with what this process holds in memory. */
void times_show_memory(void);
