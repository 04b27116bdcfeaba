/* SPDX-License-Identifier: GPL-3.0-or-later */
/* limit: see limit.h. */
#include "auth/limit.h"

#include <arpa/inet.h>
#include <string.h>

#include "fault.h"
#include "log.h"
#include "store_refusal.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define DAY    (24 * 60 * (gint64)MINUTE)

#define KNOWN_MS   (90 * DAY) /* a place is known so long after the last login from there */
#define KNOWN_KEEP 16         /* places of one user                                       */
#define BANNED_S   3600       /* told to who is banned for longer, or for good            */

typedef struct {
	unsigned free;    /* failures that cost no wait           */
	unsigned longest; /* s                                    */
	unsigned pending; /* attempts under way at a time         */
	gint64 fade;      /* ms in which one failure is forgotten */
} Rule;

/* Many people share an office's address; nobody shares a name. A name's wait must not keep who
 * travels away for long, either. */
static const Rule by_place = {.free = 20, .longest = 3600, .pending = 24, .fade = 5 * MINUTE};
static const Rule by_user = {.free = 5, .longest = 300, .pending = 4, .fade = 5 * MINUTE};
static const Rule by_both = {.free = 5, .longest = 60, .pending = 4, .fade = MINUTE};

typedef struct {
	char *user, *place; /* one of them may be "" */
	char *name;         /* in the table of what is under way */
	const Rule *rule;
} Counter;

struct Limit {
	Db *db;
	GMutex lock;
	GHashTable *pending; /* Counter.name -> how many; absent = none */
};

struct LimitAttempt {
	Limit *limit;
	char *user, *place;
	unsigned n;
	Counter counters[2];
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

/* Soft hyphens, joiners, marks of direction: a directory does not see them. */
static gboolean is_invisible(gunichar letter)
{
	GUnicodeType type = g_unichar_type(letter);

	return type == G_UNICODE_FORMAT || type == G_UNICODE_CONTROL || letter == 0x34f ||
	       letter == 0x1806 || (letter >= 0x180b && letter <= 0x180d) ||
	       (letter >= 0xfe00 && letter <= 0xfe0f) || letter == 0xfffc;
}

/* What an LDAP server compares (RFC 4518, 2), as far as no two people are called by it: who has no
 * accent may be somebody else. */
char *limit_user(const char *user)
{
	g_autofree char *valid = g_utf8_make_valid(user, -1);
	g_autoptr(GString) seen = g_string_new(NULL);
	g_autofree char *composed = NULL;

	for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
		if (!is_invisible(g_utf8_get_char(c)))
			g_string_append_unichar(seen, g_utf8_get_char(c));
	}
	composed = g_utf8_normalize(seen->str, -1, G_NORMALIZE_ALL_COMPOSE);
	/* "" stands for everybody. */
	return *g_strstrip(composed) ? g_utf8_casefold(composed, -1) : g_strdup(" ");
}

gint64 limit_now(void)
{
	return g_get_real_time() / 1000;
}

Limit *limit_new(Db *db)
{
	Limit *limit = g_new0(Limit, 1);

	limit->db = db;
	g_mutex_init(&limit->lock);
	limit->pending = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return limit;
}

void limit_free(Limit *limit)
{
	if (limit == NULL)
		return;
	g_hash_table_unref(limit->pending);
	g_mutex_clear(&limit->lock);
	g_free(limit);
}

/* ---- attempts */

static void attempt_free(LimitAttempt *attempt)
{
	for (unsigned i = 0; i < attempt->n; i++) {
		g_free(attempt->counters[i].user);
		g_free(attempt->counters[i].place);
		g_free(attempt->counters[i].name);
	}
	g_free(attempt->user);
	g_free(attempt->place);
	g_free(attempt);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LimitAttempt, attempt_free)

static void add_counter(LimitAttempt *attempt, const char *user, const char *place,
			const Rule *rule)
{
	Counter *counter = &attempt->counters[attempt->n++];

	counter->user = g_strdup(user);
	counter->place = g_strdup(place);
	counter->name = g_strconcat(place, " ", user, NULL);
	counter->rule = rule;
}

static LimitAttempt *attempt_new(Limit *limit, const char *peer, const char *user, gint64 now,
				 GError **error)
{
	g_autoptr(LimitAttempt) attempt = g_new0(LimitAttempt, 1);
	gboolean known;

	attempt->limit = limit;
	attempt->user = limit_user(user);
	attempt->place = limit_place(peer);
	if (!store_known(limit->db, attempt->user, attempt->place, now - KNOWN_MS, &known, error))
		return NULL;
	if (known) {
		add_counter(attempt, attempt->user, attempt->place, &by_both);
	} else {
		add_counter(attempt, "", attempt->place, &by_place);
		add_counter(attempt, attempt->user, "", &by_user);
	}
	return g_steal_pointer(&attempt);
}

/* ---- waits */

static unsigned seconds_until(gint64 until, gint64 now)
{
	return until > now ? (unsigned)MIN((until - now + SECOND - 1) / SECOND, G_MAXINT) : 0;
}

/* No rule makes anybody wait for so long: then the clock was put back. */
static unsigned wait_of(const StoreRefusal *refusal, const Rule *rule, gint64 now)
{
	unsigned wait = seconds_until(refusal->until, now);

	return wait > rule->longest ? 0 : wait;
}

static gboolean stored_wait(const LimitAttempt *attempt, gint64 now, unsigned *wait, GError **error)
{
	Db *db = attempt->limit->db;
	gint64 banned;

	if (!store_banned(db, attempt->user, attempt->place, now, &banned, error))
		return FALSE;
	*wait = MIN(seconds_until(banned, now), BANNED_S);
	for (unsigned i = 0; i < attempt->n; i++) {
		const Counter *counter = &attempt->counters[i];
		StoreRefusal refusal;

		if (!store_refusal(db, counter->user, counter->place, &refusal, error))
			return FALSE;
		*wait = MAX(*wait, wait_of(&refusal, counter->rule, now));
	}
	return TRUE;
}

/* ---- what is under way */

static unsigned under_way(Limit *limit, const Counter *counter)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(limit->pending, counter->name));
}

static gboolean pending_begin(LimitAttempt *attempt)
{
	Limit *limit = attempt->limit;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&limit->lock);

	for (unsigned i = 0; i < attempt->n; i++) {
		const Counter *counter = &attempt->counters[i];

		if (under_way(limit, counter) >= counter->rule->pending)
			return FALSE;
	}
	for (unsigned i = 0; i < attempt->n; i++) {
		const Counter *counter = &attempt->counters[i];

		g_hash_table_insert(limit->pending, g_strdup(counter->name),
				    GUINT_TO_POINTER(under_way(limit, counter) + 1));
	}
	return TRUE;
}

static void pending_end(LimitAttempt *attempt)
{
	Limit *limit = attempt->limit;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&limit->lock);

	for (unsigned i = 0; i < attempt->n; i++) {
		const Counter *counter = &attempt->counters[i];
		unsigned n = under_way(limit, counter);

		g_assert(n > 0);
		if (n > 1)
			g_hash_table_insert(limit->pending, g_strdup(counter->name),
					    GUINT_TO_POINTER(n - 1));
		else
			g_hash_table_remove(limit->pending, counter->name);
	}
}

LimitAttempt *limit_begin(Limit *limit, const char *peer, const char *user, gint64 now,
			  GError **error)
{
	g_autoptr(LimitAttempt) attempt = NULL;
	unsigned wait = 0;

	attempt = attempt_new(limit, peer, user, now, error);
	if (attempt == NULL || !stored_wait(attempt, now, &wait, error))
		return NULL;
	if (wait == 0 && pending_begin(attempt))
		return g_steal_pointer(&attempt);
	wait = MAX(wait, 1);
	g_set_error(error, FAULT, FAULT_BUSY,
		    "too many refused logins, or too many under way; the next in %u s", wait);
	fault_set_wait(error, wait);
	return NULL;
}

/* ---- verdicts */

static gboolean count_refusal(Db *db, const Counter *counter, gint64 now, unsigned *wait,
			      GError **error)
{
	const Rule *rule = counter->rule;
	StoreRefusal refusal;
	gint64 faded, gone;

	if (!store_refusal(db, counter->user, counter->place, &refusal, error))
		return FALSE;
	faded = MAX(now - refusal.faded_at, 0) / rule->fade;
	if (faded >= refusal.failures)
		refusal = (StoreRefusal){.faded_at = now};
	refusal.failures -= (unsigned)MIN(faded, (gint64)refusal.failures);
	refusal.faded_at = MIN(refusal.faded_at + faded * rule->fade, now);
	refusal.failures++;
	if (refusal.failures > rule->free) {
		unsigned doublings = MIN(refusal.failures - rule->free - 1, 16);
		unsigned seconds = MIN(1u << doublings, rule->longest);

		refusal.until = now + SECOND * (gint64)seconds;
		refusal.faded_at = refusal.until; /* who has to wait forgets nothing meanwhile */
		*wait = MAX(*wait, seconds);
	}
	gone = refusal.faded_at + rule->fade * refusal.failures;
	return store_refusal_put(db, counter->user, counter->place, &refusal, gone, error);
}

static gboolean write_refusal(LimitAttempt *attempt, gint64 now, unsigned *wait, GError **error)
{
	Db *db = attempt->limit->db;
	g_auto(DbTransaction) tx = db_begin(db, error);

	if (tx.db == NULL)
		return FALSE;
	for (unsigned i = 0; i < attempt->n; i++) {
		if (!count_refusal(db, &attempt->counters[i], now, wait, error))
			return FALSE;
	}
	return db_commit(&tx, error);
}

/* The person is in; but an address is not cleared, since a guesser may own an account. */
static gboolean write_success(LimitAttempt *attempt, gint64 now, GError **error)
{
	Db *db = attempt->limit->db;

	for (unsigned i = 0; i < attempt->n; i++) {
		const Counter *counter = &attempt->counters[i];

		if (*counter->user &&
		    !store_refusal_remove(db, counter->user, counter->place, error))
			return FALSE;
	}
	return store_known_put(db, attempt->user, attempt->place, now, KNOWN_KEEP, error);
}

unsigned limit_end(LimitAttempt *attempt, LimitVerdict verdict, gint64 now)
{
	g_autoptr(LimitAttempt) ours = attempt;
	g_autoptr(GError) error = NULL;
	unsigned wait = 0;

	pending_end(ours);
	switch (verdict) {
	case LIMIT_ACCEPTED: write_success(ours, now, &error); break;
	case LIMIT_REFUSED: write_refusal(ours, now, &wait, &error); break;
	case LIMIT_UNDECIDED: break;
	}
	if (error != NULL)
		log_error(NULL, "a login's verdict is not counted: %s", error->message);
	return wait;
}

gboolean limit_banned(Limit *limit, const char *peer, const char *user, gint64 now, gboolean *out,
		      GError **error)
{
	g_autofree char *name = limit_user(user);
	g_autofree char *place = limit_place(peer);
	gint64 until;

	if (!store_banned(limit->db, name, place, now, &until, error))
		return FALSE;
	*out = until > now;
	return TRUE;
}

gboolean limit_admits(Limit *limit, const char *peer, const char *user, gint64 now, GError **error)
{
	gboolean banned;

	if (!limit_banned(limit, peer, user, now, &banned, error))
		return FALSE;
	if (banned)
		g_set_error(error, FAULT, FAULT_DENIED, "\"%s\" or the address is banned", user);
	return !banned;
}

gboolean limit_introduce(Limit *limit, const char *user, const char *place, gint64 now,
			 GError **error)
{
	g_autofree char *name = limit_user(user);
	g_autofree char *where = limit_place(place);

	return store_known_put(limit->db, name, where, now, KNOWN_KEEP, error);
}

gboolean limit_clean(Limit *limit, gint64 now, GError **error)
{
	return store_refusal_clean(limit->db, now, now - KNOWN_MS, error);
}
