/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ration: see ration.h. */
#include "people/ration.h"

#include "auth/limit.h"
#include "fault.h"

typedef struct {
	gint64 since;
	unsigned taken;
} Share;

struct Ration {
	GMutex lock;
	GHashTable *shares; /* of those who have logged in lately, by limit_user() */
};

Ration *ration_new(void)
{
	Ration *ration = g_new0(Ration, 1);

	g_mutex_init(&ration->lock);
	ration->shares = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return ration;
}

void ration_free(Ration *ration)
{
	if (!ration)
		return;
	g_hash_table_unref(ration->shares);
	g_mutex_clear(&ration->lock);
	g_free(ration);
}

/* Also one from a time to come: the clock was put back. */
static gboolean over(gpointer name, gpointer share, gpointer now)
{
	gint64 age = *(const gint64 *)now - ((const Share *)share)->since;

	return age < 0 || age >= RATION_SECONDS;
}

gboolean ration_take(Ration *ration, const char *user, gint64 now, GError **error)
{
	g_autofree char *name = limit_user(user);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&ration->lock);
	Share *share = g_hash_table_lookup(ration->shares, name);

	if (share && !over(name, share, &now)) {
		if (share->taken++ < RATION_MOST)
			return TRUE;
		share->taken = RATION_MOST;
		g_set_error(error, FAULT, FAULT_BUSY, "%s logged in %d times in %d s", user,
			    RATION_MOST, RATION_SECONDS);
		return FALSE;
	}
	g_hash_table_foreach_remove(ration->shares, over, &now);
	share = g_new(Share, 1);
	*share = (Share){.since = now, .taken = 1};
	g_hash_table_replace(ration->shares, g_steal_pointer(&name), share);
	return TRUE;
}
