/* SPDX-License-Identifier: GPL-3.0-or-later */
/* follows: see follows.h. */
#include "sessions/follows.h"

#include "secret.h"

#define SPAN ((gint64)FOLLOWS_SECONDS * G_USEC_PER_SEC)

struct Follows {
	GMutex lock;
	GHashTable *by_bond; /* its name -> Noted, which has the name */
};

typedef struct {
	ControlMessage message;
	gint64 until;
	gint64 since; /* that they are counted */
	unsigned n;
} Noted;

static void copy_to(ControlMessage *out, const ControlMessage *follow)
{
	*out = (ControlMessage){
		.type = CONTROL_FOLLOW,
		.bond = secret_dup(follow->bond),
		.fault = g_strdup(follow->fault),
	};
}

static void noted_free(gpointer data)
{
	Noted *noted = data;

	control_clear(&noted->message);
	g_free(noted);
}

static void message_free(gpointer message)
{
	control_clear(message);
	g_free(message);
}

static gboolean is_old(gpointer bond, gpointer data, gpointer now)
{
	return ((Noted *)data)->until <= *(gint64 *)now;
}

static void drop_old(Follows *follows)
{
	gint64 now = g_get_monotonic_time();

	g_hash_table_foreach_remove(follows->by_bond, is_old, &now);
}

Follows *follows_new(void)
{
	Follows *follows = g_new0(Follows, 1);

	g_mutex_init(&follows->lock);
	follows->by_bond = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, noted_free);
	return follows;
}

void follows_free(Follows *follows)
{
	g_hash_table_destroy(follows->by_bond);
	g_mutex_clear(&follows->lock);
	g_free(follows);
}

gboolean follows_note(Follows *follows, const ControlMessage *follow)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&follows->lock);
	gint64 now = g_get_monotonic_time();
	const Noted *last;
	Noted *noted;

	drop_old(follows);
	last = g_hash_table_lookup(follows->by_bond, follow->bond);
	if (last && last->since + SPAN <= now)
		last = NULL;
	if (last && last->n >= FOLLOWS_MOST)
		return FALSE;
	noted = g_new0(Noted, 1);
	copy_to(&noted->message, follow);
	noted->until = now + SPAN;
	noted->since = last ? last->since : now;
	noted->n = last ? last->n + 1 : 1;
	g_hash_table_replace(follows->by_bond, noted->message.bond, noted);
	return TRUE;
}

GPtrArray *follows_recent(Follows *follows)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&follows->lock);
	GPtrArray *all = g_ptr_array_new_with_free_func(message_free);
	GHashTableIter iter;
	gpointer noted;

	drop_old(follows);
	g_hash_table_iter_init(&iter, follows->by_bond);
	while (g_hash_table_iter_next(&iter, NULL, &noted)) {
		ControlMessage *copy = g_new0(ControlMessage, 1);

		copy_to(copy, &((Noted *)noted)->message);
		g_ptr_array_add(all, copy);
	}
	return all;
}
