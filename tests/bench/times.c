/* SPDX-License-Identifier: GPL-3.0-or-later */
/* times: see times.h. */
#include "times.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

GArray *times_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(gint64));
}

void times_note(GArray *times, gint64 since)
{
	gint64 us = g_get_monotonic_time() - since;

	g_array_append_val(times, us);
}

static int by_value(gconstpointer a, gconstpointer b)
{
	gint64 one = *(const gint64 *)a, other = *(const gint64 *)b;

	return one < other ? -1 : one > other;
}

static double percentile(const GArray *times, guint n)
{
	return (double)g_array_index(times, gint64, (times->len - 1) * n / 100) / 1000;
}

void times_show(const char *what, GArray *times)
{
	g_array_sort(times, by_value);
	printf("  %-38s p50 %6.2f ms   p99 %6.2f ms   most %6.2f ms\n", what, percentile(times, 50),
	       percentile(times, 99), percentile(times, 100));
}

void times_show_memory(void)
{
	g_autofree char *status = NULL;
	const char *line;

	g_assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
	line = strstr(status, "VmRSS:");
	printf("  memory: %ld MB\n", strtol(line + strlen("VmRSS:"), NULL, 10) / 1024);
}
