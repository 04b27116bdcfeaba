/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quota: see quota.h. */
#include "quota.h"

struct Quota {
	GMutex lock;
	unsigned each;
	GHashTable *taken; /* name -> how many; absent = none */
};

Quota *quota_new(unsigned each)
{
	Quota *quota = g_new0(Quota, 1);

	g_mutex_init(&quota->lock);
	quota->each = each;
	quota->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return quota;
}

void quota_free(Quota *quota)
{
	if (quota == NULL)
		return;
	g_hash_table_unref(quota->taken);
	g_mutex_clear(&quota->lock);
	g_free(quota);
}

gboolean quota_begin(Quota *quota, const char *who)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&quota->lock);
	unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(quota->taken, who));

	if (n >= quota->each)
		return FALSE;
	g_hash_table_insert(quota->taken, g_strdup(who), GUINT_TO_POINTER(n + 1));
	return TRUE;
}

void quota_end(Quota *quota, const char *who)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&quota->lock);
	unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(quota->taken, who));

	g_assert(n > 0);
	if (n > 1)
		g_hash_table_insert(quota->taken, g_strdup(who), GUINT_TO_POINTER(n - 1));
	else
		g_hash_table_remove(quota->taken, who);
}
