/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gauges: core_metrics(): what was counted, and what is true at the moment that somebody asks. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core_parts.h"
#include "gateways/gateway_link.h"
#include "metrics.h"
#include "store_pool.h"

/* One line for each row: label, label, number. FALSE: the store does not answer. */
static gboolean write_rows(Core *core, GString *text, const char *name, const char *first,
			   const char *second, const char *help, const char *sql)
{
	g_autoptr(DbRows) rows = db_select(core->db, NULL, sql);

	if (!rows)
		return FALSE;
	metrics_head(text, name, "gauge", help);
	while (db_rows_next(rows))
		metrics_line(text, name, (double)db_rows_int(rows, 2), first, db_rows_text(rows, 0),
			     second, db_rows_text(rows, 1), NULL);
	return TRUE;
}

static gboolean write_pools(Core *core, GString *text)
{
	g_autoptr(GPtrArray) pools = store_pools(core->db, NULL);

	if (!pools)
		return FALSE;
	metrics_head(text, "oriel_pool_max", "gauge", "Desktops that the pool may have.");
	for (guint i = 0; i < pools->len; i++) {
		const PoolView *pool = pools->pdata[i];

		metrics_line(text, "oriel_pool_max", pool->max, "pool", pool->name, NULL);
	}
	metrics_head(text, "oriel_pool_spare", "gauge",
		     "Free desktops that the pool keeps running.");
	for (guint i = 0; i < pools->len; i++) {
		const PoolView *pool = pools->pdata[i];

		metrics_line(text, "oriel_pool_spare", pool->spare, "pool", pool->name, NULL);
	}
	return TRUE;
}

static gboolean write_store(Core *core, GString *text)
{
	return write_pools(core, text) &&
	       write_rows(core, text, "oriel_desktops", "pool", "state",
			  "Desktops by what they are doing.",
			  "SELECT pool, state, COUNT(*) FROM desktop GROUP BY pool, state"
			  " ORDER BY pool, state") &&
	       write_rows(core, text, "oriel_free_desktops", "pool", "state",
			  "Of those, the ones that nobody has.",
			  "SELECT pool, state, COUNT(*) FROM desktop WHERE owner IS NULL"
			  " GROUP BY pool, state ORDER BY pool, state") &&
	       write_rows(core, text, "oriel_sessions", "pool", "protocol",
			  "Sessions that have not ended, by the client's protocol.",
			  "SELECT pool, protocol, COUNT(*) FROM session WHERE ended_at = 0"
			  " GROUP BY pool, protocol ORDER BY pool, protocol");
}

/* The names that every Prometheus client library gives them. */
static void write_process(Core *core, GString *text)
{
	struct rusage use;
	struct statvfs disk;
	unsigned long pages = 0;
	g_autofree char *statm = NULL;

	metrics_head(text, "oriel_build_info", "gauge", "The broker's version.");
	metrics_line(text, "oriel_build_info", 1, "version", ORIEL_VERSION, NULL);
	if (getrusage(RUSAGE_SELF, &use) == 0) {
		metrics_head(text, "process_cpu_seconds_total", "counter",
			     "Processor time of the broker.");
		metrics_line(text, "process_cpu_seconds_total",
			     (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
				     (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6,
			     NULL);
	}
	if (g_file_get_contents("/proc/self/statm", &statm, NULL, NULL) &&
	    sscanf(statm, "%*u %lu", &pages) == 1) {
		metrics_head(text, "process_resident_memory_bytes", "gauge",
			     "Memory of the broker, without its desktops.");
		metrics_line(text, "process_resident_memory_bytes",
			     (double)pages * (double)sysconf(_SC_PAGESIZE), NULL);
	}
	if (statvfs(core->options->state, &disk) == 0) {
		metrics_head(text, "oriel_state_free_bytes", "gauge",
			     "Room left where the database and the desktops' files are.");
		metrics_line(text, "oriel_state_free_bytes",
			     (double)disk.f_bavail * (double)disk.f_frsize, NULL);
	}
}

char *core_metrics(Core *core)
{
	GString *text = g_string_new(NULL);
	gboolean up = write_store(core, text);

	metrics_head(text, "oriel_store_up", "gauge", "1 if the database answers.");
	metrics_line(text, "oriel_store_up", up, NULL);
	gateway_link_write_metrics(core->link, text);
	metrics_write(text);
	write_process(core, text);
	return g_string_free(text, FALSE);
}
