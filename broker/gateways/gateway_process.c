/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gateway_process: see gateway_process.h. */
#include "gateways/gateway_process.h"

GHashTable *gateway_processes_new(void)
{
	return g_hash_table_new_full(g_int_hash, g_int_equal, NULL, g_free);
}

GatewayProcess *gateway_process_find(GHashTable *processes, pid_t id)
{
	G_STATIC_ASSERT(sizeof(pid_t) == sizeof(gint));
	return g_hash_table_lookup(processes, &id);
}

GatewayProcess *gateway_process_join(GHashTable *processes, pid_t id)
{
	GatewayProcess *process = gateway_process_find(processes, id);

	if (!process) {
		process = g_new0(GatewayProcess, 1);
		process->id = id;
		g_hash_table_insert(processes, &process->id, process);
	}
	process->connections++;
	return process;
}

void gateway_process_left(GHashTable *processes, GatewayProcess *process)
{
	if (process->connections == 0 && process->requests == 0)
		g_hash_table_remove(processes, &process->id);
}
