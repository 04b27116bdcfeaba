/* SPDX-License-Identifier: GPL-3.0-or-later */
/* turns: see turns.h. */
#include "desktops/turns.h"

#include "fault.h"
#include "upkeep/maintainer.h"

struct Turns {
	GMutex lock;
	GCond freed;
	GHashTable *taken; /* a set of ids */
};

Turns *turns_new(void)
{
	Turns *turns = g_new0(Turns, 1);

	g_mutex_init(&turns->lock);
	g_cond_init(&turns->freed);
	turns->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return turns;
}

void turns_free(Turns *turns)
{
	if (!turns)
		return;
	g_hash_table_destroy(turns->taken);
	g_mutex_clear(&turns->lock);
	g_cond_clear(&turns->freed);
	g_free(turns);
}

static char *lock_of(const char *id)
{
	return g_strconcat("desktop ", id, NULL);
}

static gboolean too_late(const char *id, GError **error)
{
	g_set_error(error, FAULT, FAULT_TIMEOUT, "desktop %s is busy with another step", id);
	return FALSE;
}

/* The same among brokers. */
static gboolean take_from_others(Core *core, const char *id, gint64 deadline, GError **error)
{
	g_autofree char *lock = lock_of(id);
	gboolean mine = FALSE;

	for (;;) {
		if (!db_hold(core->db, lock, &mine, error))
			return FALSE;
		if (mine)
			return TRUE;
		if (g_get_monotonic_time() >= deadline || maintainer_stopping(core->maintainer))
			return too_late(id, error);
		g_usleep(G_USEC_PER_SEC / 20);
	}
}

static void give_back(Turns *turns, const char *id)
{
	g_mutex_lock(&turns->lock);
	g_hash_table_remove(turns->taken, id);
	g_cond_broadcast(&turns->freed);
	g_mutex_unlock(&turns->lock);
}

Turn turn_take(Core *core, const char *id, gint64 deadline, GError **error)
{
	Turns *turns = core->turns;
	gboolean mine = TRUE;

	g_mutex_lock(&turns->lock);
	while (g_hash_table_contains(turns->taken, id) && mine)
		mine = g_cond_wait_until(&turns->freed, &turns->lock, deadline);
	if (mine)
		g_hash_table_add(turns->taken, g_strdup(id));
	g_mutex_unlock(&turns->lock);
	if (!mine)
		too_late(id, error);
	else if (take_from_others(core, id, deadline, error))
		return (Turn){turns, core->db, g_strdup(id)};
	else
		give_back(turns, id);
	return (Turn){NULL, NULL, NULL};
}

void turn_clear(Turn *turn)
{
	g_autofree char *lock = turn->turns ? lock_of(turn->id) : NULL;

	if (!turn->turns)
		return;
	db_drop(turn->db, lock);
	give_back(turn->turns, turn->id);
	g_free(turn->id);
}
