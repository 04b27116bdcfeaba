/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counts of refused logins, on SQLite and on PostgreSQL. */

#include "auth/limit.h"
#include "database.h"
#include "fault.h"
#include "store_refusal.h"

#define MINUTE (60 * 1000)
#define DAY    (24 * 60 * (gint64)MINUTE)

typedef struct {
	char *dir, *path;
	Db *db;
	Limit *limit;
	gint64 now;
} Fixture;

static void begin(Fixture *f)
{
	g_autoptr(GError) error = NULL;

	f->db = db_open(f->path, &error);
	g_assert_no_error(error);
	f->limit = limit_new(f->db);
}

static void end(Fixture *f)
{
	limit_free(f->limit);
	db_close(f->db);
}

static void setup(Fixture *f, gconstpointer unused)
{
	f->dir = g_dir_make_tmp("oriel-limit-XXXXXX", NULL);
	f->path = g_strdup(database_fresh());
	if (!f->path)
		f->path = g_build_filename(f->dir, "broker.db", NULL);
	f->now = 1000000 * (gint64)MINUTE;
	begin(f);
}

static void teardown(Fixture *f, gconstpointer unused)
{
	end(f);
	database_remove(f->path, f->dir);
	g_free(f->path);
	g_free(f->dir);
}

/* One attempt; returns the wait, 0 if it was let in. */
static unsigned attempt(Fixture *f, const char *peer, const char *user, LimitVerdict verdict)
{
	g_autoptr(GError) error = NULL;
	LimitAttempt *one = limit_begin(f->limit, peer, user, f->now, &error);

	if (one != NULL) {
		g_assert_no_error(error);
		limit_end(one, verdict, f->now);
		return 0;
	}
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_assert_cmpuint(fault_wait(error), >=, 1);
	return fault_wait(error);
}

static unsigned refused(Fixture *f, const char *peer, const char *user)
{
	return attempt(f, peer, user, LIMIT_REFUSED);
}

/* Is wrong as soon as that may be, n times; returns the last wait. */
static unsigned keep_guessing(Fixture *f, const char *peer, const char *user, unsigned n)
{
	unsigned wait = 0;

	for (unsigned i = 0; i < n;) {
		unsigned now = refused(f, peer, user);

		if (now == 0) {
			i++;
			continue;
		}
		wait = now;
		f->now += 1000 * (gint64)wait;
	}
	return wait;
}

static void test_user(Fixture *f, gconstpointer unused)
{
	unsigned expected = 1;

	/* Each from another address: only the name counts, however it is written. */
	for (unsigned i = 0; i < 6; i++) {
		g_autofree char *peer = g_strdup_printf("192.0.2.%u", i);

		g_assert_cmpuint(refused(f, peer, i % 2 ? "anna" : " Anna"), ==, 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		g_assert_cmpuint(refused(f, "198.51.100.1", "ANNA"), ==, expected);
		g_assert_cmpuint(attempt(f, "198.51.100.1", "ben", LIMIT_UNDECIDED), ==, 0);
		f->now += expected * 1000;
		g_assert_cmpuint(refused(f, "198.51.100.1", "anna"), ==, 0);
		expected *= 2;
	}
	g_assert_cmpuint(keep_guessing(f, "198.51.100.3", "anna", 3), ==, 300);
	/* The right password ends it. */
	f->now += 300 * 1000;
	g_assert_cmpuint(attempt(f, "198.51.100.1", "anna", LIMIT_ACCEPTED), ==, 0);
	for (unsigned i = 0; i < 6; i++)
		g_assert_cmpuint(refused(f, "198.51.100.2", "anna"), ==, 0);
	g_assert_cmpuint(refused(f, "198.51.100.2", "anna"), ==, 1);
}

/* Ways that a directory takes for the same, and only a guesser thinks of. */
static void test_spellings(Fixture *f, gconstpointer unused)
{
	static const char *const ways[] = {
		"anna",       "an\u00adna", "anna\u200b", "\uff41\uff4e\uff4e\uff41",
		"\u00a0anna", "a\ufeffnna",
	};
	gboolean banned;

	for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autofree char *peer = g_strdup_printf("192.0.2.%u", i);

		g_assert_cmpuint(refused(f, peer, ways[i]), ==, 0);
	}
	g_assert_cmpuint(refused(f, "198.51.100.1", "ann\u2060a"), ==, 1);
	g_assert_true(store_ban_put(f->db, "jos\u00e9", "", 0, "root", "", NULL));
	g_assert_true(limit_banned(f->limit, "192.0.2.1", "jose\u0301", f->now, &banned, NULL) &&
		      banned);
	/* Who is called so without the accent is somebody else. */
	g_assert_true(limit_banned(f->limit, "192.0.2.1", "jose", f->now, &banned, NULL) &&
		      !banned);
}

static void test_peer(Fixture *f, gconstpointer unused)
{
	for (unsigned i = 0; i < 21; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);

		g_assert_cmpuint(refused(f, "192.0.2.1", user), ==, 0);
	}
	g_assert_cmpuint(attempt(f, "192.0.2.1", "fresh", LIMIT_ACCEPTED), ==, 1);
	g_assert_cmpuint(attempt(f, "192.0.2.2", "fresh", LIMIT_ACCEPTED), ==, 0);
	/* A good login of the guesser's own does not clear the address. */
	f->now += 1000;
	g_assert_cmpuint(attempt(f, "192.0.2.1", "mallory", LIMIT_ACCEPTED), ==, 0);
	g_assert_cmpuint(refused(f, "192.0.2.1", "again"), ==, 0);
	g_assert_cmpuint(refused(f, "192.0.2.1", "again"), ==, 2);
	/* Time does. */
	f->now += 24 * 5 * MINUTE;
	for (unsigned i = 0; i < 5; i++)
		g_assert_cmpuint(refused(f, "192.0.2.1", "late"), ==, 0);
	/* And who goes on is shut out for an hour at a time. */
	for (unsigned i = 0; i < 40; i++) {
		g_autofree char *user = g_strdup_printf("next%u", i);

		keep_guessing(f, "192.0.2.1", user, 1);
	}
	g_assert_cmpuint(refused(f, "192.0.2.1", "one-more"), ==, 3600);
}

/* A stranger elsewhere, and one at the same address, can make somebody wait; but not for long where
 * that somebody is known. */
static void test_known(Fixture *f, gconstpointer unused)
{
	g_assert_cmpuint(attempt(f, "192.0.2.1", "anna", LIMIT_ACCEPTED), ==, 0);
	keep_guessing(f, "203.0.113.1", "anna", 30);
	g_assert_cmpuint(refused(f, "203.0.113.2", "anna"), >, 100);
	g_assert_cmpuint(attempt(f, "192.0.2.1", "Anna", LIMIT_ACCEPTED), ==, 0);

	/* A neighbour behind the same address shuts the others out from there, not her. */
	for (unsigned i = 0; i < 40; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);

		keep_guessing(f, "192.0.2.1", user, 1);
	}
	g_assert_cmpuint(refused(f, "192.0.2.1", "ben"), ==, 3600);
	g_assert_cmpuint(attempt(f, "192.0.2.1", "anna", LIMIT_ACCEPTED), ==, 0);
	g_assert_cmpuint(keep_guessing(f, "192.0.2.1", "anna", 40), ==, 60);

	/* Her success there says nothing of those who guess elsewhere. */
	f->now += 60 * 1000;
	keep_guessing(f, "203.0.113.1", "anna", 30);
	g_assert_cmpuint(attempt(f, "192.0.2.1", "anna", LIMIT_ACCEPTED), ==, 0);
	g_assert_cmpuint(refused(f, "203.0.113.2", "anna"), >, 100);

	/* Nobody is known for ever. */
	f->now += 91 * DAY;
	g_assert_true(limit_clean(f->limit, f->now, NULL));
	keep_guessing(f, "203.0.113.1", "anna", 30);
	g_assert_cmpuint(refused(f, "192.0.2.1", "anna"), >, 100);
	/* Unless somebody vouches. */
	g_assert_true(limit_introduce(f->limit, "ANNA", "192.0.2.1", f->now, NULL));
	g_assert_cmpuint(attempt(f, "192.0.2.1", "anna", LIMIT_ACCEPTED), ==, 0);
}

static void test_ban(Fixture *f, gconstpointer unused)
{
	g_autoptr(GPtrArray) bans = NULL;
	const BanView *view;
	gboolean banned;

	g_assert_cmpuint(attempt(f, "192.0.2.1", "anna", LIMIT_ACCEPTED), ==, 0);
	g_assert_true(store_ban_put(f->db, "anna", "", f->now + 90 * 1000, "root", "why", NULL));
	g_assert_cmpuint(refused(f, "192.0.2.1", "anna"), ==, 90); /* also where she is known */
	g_assert_true(store_ban_put(f->db, "", "203.0.113.9", 0, "root", "", NULL));
	g_assert_cmpuint(refused(f, "203.0.113.9", "ben"), ==, 3600);
	g_assert_true(limit_banned(f->limit, "192.0.2.1", "Anna", f->now, &banned, NULL) && banned);
	g_assert_true(limit_banned(f->limit, "192.0.2.1", "ben", f->now, &banned, NULL) && !banned);
	keep_guessing(f, "198.51.100.1", "carla", 6);
	refused(f, "198.51.100.1", "carla");

	bans = store_bans(f->db, f->now, NULL);
	g_assert_cmpuint(bans->len, ==, 3);
	view = bans->pdata[0];
	g_assert_cmpstr(view->user, ==, "anna");
	g_assert_cmpstr(view->reason, ==, "why");
	g_assert_cmpint(view->until, ==, f->now / 1000 + 90);
	view = bans->pdata[1];
	g_assert_cmpstr(view->address, ==, "203.0.113.9");
	g_assert_cmpint(view->until, ==, 0);
	view = bans->pdata[2];
	g_assert_cmpstr(view->user, ==, "carla");
	g_assert_cmpuint(view->failures, ==, 6);
	g_assert_null(view->admin);

	g_assert_cmpint(store_unlock(f->db, NULL, "203.0.113.9", NULL), ==, 1);
	g_assert_cmpint(store_unlock(f->db, "carla", NULL, NULL), ==, 1);
	g_assert_cmpint(store_unlock(f->db, "carla", NULL, NULL), ==, 0);
	g_assert_cmpuint(refused(f, "203.0.113.9", "ben"), ==, 0);
	g_assert_cmpuint(refused(f, "198.51.100.1", "carla"), ==, 0);
	f->now += 90 * 1000;
	g_assert_cmpuint(refused(f, "192.0.2.1", "anna"), ==, 0);
}

/* A restart forgets nothing; and another broker counts along. */
static void test_kept(Fixture *f, gconstpointer unused)
{
	Fixture other = {.path = f->path, .now = f->now};

	keep_guessing(f, "192.0.2.1", "anna", 8);
	f->now += 1000;
	end(f);
	begin(f);
	g_assert_cmpuint(refused(f, "192.0.2.1", "anna"), ==, 3);
	begin(&other);
	other.now = f->now + 3000;
	g_assert_cmpuint(refused(&other, "192.0.2.2", "anna"), ==, 0);
	f->now = other.now;
	g_assert_cmpuint(refused(f, "192.0.2.1", "anna"), ==, 8);
	end(&other);
}

/* Whoever has an IPv6 address has 2^64 of them. */
static void test_place(Fixture *f, gconstpointer unused)
{
	static const char *const places[][2] = {
		{"192.0.2.1", "192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::", "2001:db8:1:2::/64"},
		{"unknown", "unknown"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *place = limit_place(places[i][0]);

		g_assert_cmpstr(place, ==, places[i][1]);
	}
	for (unsigned i = 0; i < 21; i++) {
		g_autofree char *peer = g_strdup_printf("2001:db8::%x", i);
		g_autofree char *user = g_strdup_printf("user%u", i);

		g_assert_cmpuint(refused(f, peer, user), ==, 0);
	}
	g_assert_cmpuint(refused(f, "2001:db8::99", "fresh"), ==, 1);
	g_assert_cmpuint(refused(f, "2001:db8:0:1::", "fresh"), ==, 0);
}

/* A burst is stopped before its first refusal is known; one of a stranger's, elsewhere, does not
 * take the place of who is known. */
static void test_pending(Fixture *f, gconstpointer unused)
{
	LimitAttempt *held[4], *ours;

	g_assert_cmpuint(attempt(f, "192.0.2.7", "anna", LIMIT_ACCEPTED), ==, 0);
	for (unsigned i = 0; i < 4; i++) {
		held[i] = limit_begin(f->limit, "192.0.2.1", "anna", f->now, NULL);
		g_assert_nonnull(held[i]);
	}
	g_assert_cmpuint(refused(f, "192.0.2.1", "anna"), ==, 1);
	g_assert_cmpuint(attempt(f, "192.0.2.1", "ben", LIMIT_UNDECIDED), ==, 0);
	ours = limit_begin(f->limit, "192.0.2.7", "anna", f->now, NULL);
	g_assert_nonnull(ours);
	limit_end(ours, LIMIT_ACCEPTED, f->now);
	limit_end(held[0], LIMIT_UNDECIDED, f->now);
	g_assert_cmpuint(attempt(f, "192.0.2.1", "anna", LIMIT_UNDECIDED), ==, 0);
	for (unsigned i = 1; i < 4; i++)
		limit_end(held[i], LIMIT_UNDECIDED, f->now);
}

/* What does not matter any more goes; what does stays. A clock that is put back shuts
 * nobody out. */
static void test_clean(Fixture *f, gconstpointer unused)
{
	g_autoptr(DbRows) rows = NULL;

	for (unsigned i = 0; i < 200; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);
		g_autofree char *peer = g_strdup_printf("10.0.0.%u", i);

		g_assert_cmpuint(refused(f, peer, user), ==, 0);
	}
	keep_guessing(f, "192.0.2.1", "anna", 9);
	f->now += 6 * MINUTE;
	g_assert_true(limit_clean(f->limit, f->now, NULL));
	rows = db_select(f->db, NULL, "SELECT COUNT(*) FROM refusal");
	g_assert_true(db_rows_next(rows));
	g_assert_cmpint(db_rows_int(rows, 0), ==, 2);
	refused(f, "192.0.2.1", "anna");
	f->now -= 30 * DAY;
	g_assert_cmpuint(refused(f, "192.0.2.1", "anna"), ==, 0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *, gconstpointer);
	} tests[] = {
		{"/limit/user", test_user},   {"/limit/spellings", test_spellings},
		{"/limit/peer", test_peer},   {"/limit/known", test_known},
		{"/limit/ban", test_ban},     {"/limit/kept", test_kept},
		{"/limit/place", test_place}, {"/limit/pending", test_pending},
		{"/limit/clean", test_clean},
	};

	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].run, teardown);
	return g_test_run();
}
