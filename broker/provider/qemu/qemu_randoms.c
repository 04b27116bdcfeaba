/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_randoms: see qemu_randoms.h. */
#include "qemu/qemu_randoms.h"

#include "fault.h"

struct QemuRandoms {
	GMutex mutex;
	GHashTable *said; /* desktop id -> word */
};

QemuRandoms *qemu_randoms_new(void)
{
	QemuRandoms *randoms = g_new0(QemuRandoms, 1);

	g_mutex_init(&randoms->mutex);
	randoms->said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return randoms;
}

void qemu_randoms_free(QemuRandoms *randoms)
{
	if (!randoms)
		return;
	g_hash_table_unref(randoms->said);
	g_mutex_clear(&randoms->mutex);
	g_free(randoms);
}

gboolean qemu_randoms_put(QemuRandoms *randoms, const char *desktop_id, const char *random,
			  GError **error)
{
	GHashTableIter iter;
	gpointer other;
	gboolean twice = FALSE;

	g_mutex_lock(&randoms->mutex);
	g_hash_table_iter_init(&iter, randoms->said);
	while (g_hash_table_iter_next(&iter, NULL, &other))
		twice |= g_str_equal(other, random);
	if (!twice)
		g_hash_table_replace(randoms->said, g_strdup(desktop_id), g_strdup(random));
	g_mutex_unlock(&randoms->mutex);
	if (twice)
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: its randomness is another clone's",
			    desktop_id);
	return !twice;
}

void qemu_randoms_forget(QemuRandoms *randoms, const char *desktop_id)
{
	g_mutex_lock(&randoms->mutex);
	g_hash_table_remove(randoms->said, desktop_id);
	g_mutex_unlock(&randoms->mutex);
}
