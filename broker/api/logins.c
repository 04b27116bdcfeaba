/* SPDX-License-Identifier: GPL-3.0-or-later */
/* logins: see logins.h. */
#include "logins.h"

#include "auth/limit.h"
#include "fault.h"
#include "rounds.h"
#include "secret.h"

#define LOGINS_MAX    200
#define PER_PLACE_MAX 20 /* an office behind one address */
#define LIFE_US       (120 * G_TIME_SPAN_SECOND)

struct Logins {
	Rounds *rounds;
	GMutex lock;       /* of the table */
	GHashTable *table; /* id -> Login */
};

Login *login_new(const char *user, const char *peer, Conversation *conversation)
{
	Login *login = g_new0(Login, 1);

	login->id = secret_generate();
	login->user = g_strdup(user);
	login->peer = g_strdup(peer);
	login->place = limit_place(peer);
	login->deadline = g_get_monotonic_time() + LIFE_US;
	login->conversation = conversation;
	return login;
}

void login_free(Login *login)
{
	if (login == NULL)
		return;
	secret_free(login->id);
	g_free(login->user);
	g_free(login->peer);
	g_free(login->place);
	conversation_free(login->conversation);
	g_free(login);
}

/* Moves what is overdue into `overdue` and returns when the next one will be. */
static gint64 collect(Logins *logins, GPtrArray *overdue)
{
	gint64 now = g_get_monotonic_time(), next = now + LIFE_US;
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, logins->table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Login *login = value;

		if (login->deadline > now) {
			next = MIN(next, login->deadline);
			continue;
		}
		g_hash_table_iter_steal(&iter);
		g_ptr_array_add(overdue, login);
	}
	return next;
}

static gint64 reap(gpointer data)
{
	Logins *logins = data;
	/* Freed after the lock: ending a conversation may block, and nobody should wait for that.
	 */
	g_autoptr(GPtrArray) overdue = g_ptr_array_new_with_free_func((GDestroyNotify)login_free);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&logins->lock);

	return collect(logins, overdue);
}

Logins *logins_new(void)
{
	Logins *logins = g_new0(Logins, 1);

	g_mutex_init(&logins->lock);
	logins->table =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)login_free);
	logins->rounds = rounds_new("logins", reap, 0, logins);
	rounds_start(logins->rounds);
	return logins;
}

void logins_free(Logins *logins)
{
	if (logins == NULL)
		return;
	rounds_stop(logins->rounds);
	rounds_free(logins->rounds);
	g_hash_table_unref(logins->table);
	g_mutex_clear(&logins->lock);
	g_free(logins);
}

static unsigned count_of(Logins *logins, const char *place)
{
	GHashTableIter iter;
	gpointer value;
	unsigned n = 0;

	g_hash_table_iter_init(&iter, logins->table);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		n += g_str_equal(((Login *)value)->place, place);
	return n;
}

static const char *fullest_place(Logins *logins)
{
	const char *fullest = NULL;
	GHashTableIter iter;
	gpointer value;
	unsigned most = 0;

	g_hash_table_iter_init(&iter, logins->table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		unsigned n = count_of(logins, ((Login *)value)->place);

		if (n > most) {
			most = n;
			fullest = ((Login *)value)->place;
		}
	}
	return fullest;
}

/* Takes out the one of this place that has waited longest. */
static Login *take_oldest(Logins *logins, const char *place)
{
	Login *oldest = NULL;
	GHashTableIter iter;
	gpointer value;

	g_assert(place != NULL);
	g_hash_table_iter_init(&iter, logins->table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Login *login = value;

		if (g_str_equal(login->place, place) &&
		    (oldest == NULL || login->deadline < oldest->deadline))
			oldest = login;
	}
	g_assert(oldest != NULL); /* the callers have counted */
	g_hash_table_steal(logins->table, oldest->id);
	return oldest;
}

gboolean logins_put(Logins *logins, Login *login, GError **error)
{
	g_autoptr(Login) ours = login;
	g_autoptr(Login) gone = NULL; /* freed after the lock: ending a conversation may block */
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&logins->lock);

	if (login->deadline <= g_get_monotonic_time()) {
		g_set_error(error, FAULT, FAULT_DENIED, "the login took too long");
		return FALSE;
	}
	if (count_of(logins, login->place) >= PER_PLACE_MAX)
		gone = take_oldest(logins, login->place);
	else if (g_hash_table_size(logins->table) >= LOGINS_MAX)
		gone = take_oldest(logins, fullest_place(logins));
	g_hash_table_insert(logins->table, login->id, login);
	rounds_wake(logins->rounds);
	ours = NULL;
	return TRUE;
}

Login *logins_take(Logins *logins, const char *id, const char *peer)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&logins->lock);
	Login *login = g_hash_table_lookup(logins->table, id);

	if (login == NULL || !g_str_equal(login->peer, peer) ||
	    login->deadline <= g_get_monotonic_time())
		return NULL;
	g_hash_table_steal(logins->table, id);
	return login;
}
