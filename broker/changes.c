/* SPDX-License-Identifier: GPL-3.0-or-later */
/* changes: tells whoever watches the core what has changed, by the tables that were written. */
#include "core_parts.h"

static const struct {
	const char *table;
	unsigned what;
} tables[] = {
	{"session", CHANGE_SESSIONS},
	{"desktop", CHANGE_DESKTOPS},
	{"pool", CHANGE_POOLS},
	{"image", CHANGE_POOLS},
	{"entitlement", CHANGE_POOLS},
	{"plan", CHANGE_POOLS},
	{"pool_host", CHANGE_POOLS},
	{"pool_placement", CHANGE_POOLS},
	{"host", CHANGE_HOSTS},
	{"placed", CHANGE_HOSTS},
	{"maintenance", CHANGE_POOLS | CHANGE_HOSTS | CHANGE_DESKTOPS},
	{"quota", CHANGE_QUOTAS},
	{"refusal", CHANGE_BANS},
	{"ban", CHANGE_BANS},
	{"audit", CHANGE_AUDIT},
};

static void on_written(const char *table, gpointer data)
{
	Core *core = data;

	for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
		if (g_str_equal(table, tables[i].table))
			core->told(tables[i].what, core->told_data);
	}
}

void core_watch(Core *core, CoreTold told, gpointer data)
{
	db_watch(core->db, NULL, NULL);
	core->told = told;
	core->told_data = data;
	if (told != NULL)
		db_watch(core->db, on_written, core);
}
