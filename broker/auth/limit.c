/* SPDX-License-Identifier: GPL-3.0-or-later */
/* limit: see limit.h. */
#include "auth/limit.h"

#include <arpa/inet.h>
#include <string.h>

#define ENTRIES_MAX 4096
#define FADE_MS     (60 * 1000) /* one failure is forgotten in this time */

typedef struct {
	unsigned free;    /* failures that cost no wait   */
	unsigned longest; /* s                            */
	unsigned pending; /* attempts under way at a time */
} Rule;

/* Many people share an office's address; nobody shares a name. */
static const Rule by_place = {.free = 20, .longest = 300, .pending = 24};
static const Rule by_user = {.free = 5, .longest = 30, .pending = 4};

typedef struct {
	unsigned failures;
	unsigned pending;
	gint64 faded; /* when failures was last brought up to date */
	gint64 until; /* no attempt before                         */
} Entry;

struct Limit {
	GMutex lock;
	GHashTable *places; /* text -> Entry */
	GHashTable *users;
};

char *limit_place(const char *peer)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (inet_pton(AF_INET6, peer, &address) != 1)
		return g_strdup(peer);
	memset(address.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &address, text, sizeof(text));
	return g_strconcat(text, "/64", NULL);
}

Limit *limit_new(void)
{
	Limit *limit = g_new0(Limit, 1);

	g_mutex_init(&limit->lock);
	limit->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	limit->users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return limit;
}

void limit_free(Limit *limit)
{
	if (limit == NULL)
		return;
	g_hash_table_unref(limit->places);
	g_hash_table_unref(limit->users);
	g_mutex_clear(&limit->lock);
	g_free(limit);
}

static void fade(Entry *entry, gint64 now)
{
	gint64 steps = (now - entry->faded) / FADE_MS;

	entry->failures -= (unsigned)MIN(steps, (gint64)entry->failures);
	entry->faded += steps * FADE_MS;
}

/* Makes room: first what has faded, then the entry that is next to fade. */
static void shrink(GHashTable *table, gint64 now)
{
	GHashTableIter iter;
	gpointer key, value, oldest = NULL;
	gint64 least = G_MAXINT64;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		Entry *entry = value;

		fade(entry, now);
		if (entry->pending > 0)
			continue;
		if (entry->failures == 0 && entry->until <= now) {
			g_hash_table_iter_remove(&iter);
		} else if (entry->until < least) {
			least = entry->until;
			oldest = key;
		}
	}
	if (g_hash_table_size(table) >= ENTRIES_MAX && oldest != NULL)
		g_hash_table_remove(table, oldest);
}

/* The entry for a key, made if need be; its failures are up to date. */
static Entry *entry_of(GHashTable *table, const char *key, gint64 now)
{
	Entry *entry = g_hash_table_lookup(table, key);

	if (entry != NULL) {
		fade(entry, now);
		return entry;
	}
	if (g_hash_table_size(table) >= ENTRIES_MAX)
		shrink(table, now);
	entry = g_new0(Entry, 1);
	entry->faded = now;
	g_hash_table_insert(table, g_strdup(key), entry);
	return entry;
}

static unsigned wait_of(const Entry *entry, const Rule *rule, gint64 now)
{
	if (entry->until > now)
		return (unsigned)((entry->until - now + 999) / 1000);
	return entry->pending >= rule->pending ? 1 : 0;
}

unsigned limit_begin(Limit *limit, const char *peer, const char *user, gint64 now)
{
	g_autofree char *place = limit_place(peer);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&limit->lock);
	Entry *at = entry_of(limit->places, place, now);
	Entry *as = entry_of(limit->users, user, now);
	unsigned wait = MAX(wait_of(at, &by_place, now), wait_of(as, &by_user, now));

	if (wait == 0) {
		at->pending++;
		as->pending++;
	}
	return wait;
}

static void settle(Entry *entry, const Rule *rule, LimitVerdict verdict, gint64 now)
{
	if (entry->pending > 0)
		entry->pending--;
	if (verdict != LIMIT_REFUSED)
		return;
	entry->failures++;
	if (entry->failures > rule->free) {
		unsigned doublings = MIN(entry->failures - rule->free - 1, 16);

		entry->until = now + 1000 * (gint64)MIN(1u << doublings, rule->longest);
	}
}

void limit_end(Limit *limit, const char *peer, const char *user, LimitVerdict verdict, gint64 now)
{
	g_autofree char *place = limit_place(peer);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&limit->lock);
	Entry *as = entry_of(limit->users, user, now);

	settle(entry_of(limit->places, place, now), &by_place, verdict, now);
	settle(as, &by_user, verdict, now);
	/* The person is in; but an address is not cleared, since a guesser may own an account. */
	if (verdict == LIMIT_ACCEPTED)
		as->failures = 0;
}
