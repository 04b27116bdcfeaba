/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-placement: a made-up fleet of 200 hosts with 20,000 desktops of ten pools, 5,000 of them in
 * use, and 100 logins a second of people who have no desktop yet, so that each click makes one and
 * puts it on a host. A real core on a real SQLite (or ORIEL_TEST_DATABASE, emptied), with the
 * made-up provider of the unit tests, whose desktops start at once, and without PAM and HTTP.
 *
 *   bench-placement [SECONDS]
 */
#include <stdio.h>

#include "../unit/broker/core-fixture.h"
#include "hosts/placement.h"
#include "log.h"
#include "rows.h"
#include "store_host.h"
#include "store_pool.h"
#include "times.h"

#define HOSTS    200
#define POOLS    10
#define DESKTOPS 20000
#define LIVE     5000
#define RATE     100
#define THREADS  8

static struct {
	CoreFixture *f;
	int next, refused;
	gint64 began, until;
	GMutex lock;
	GArray *list, *click, *decide; /* of gint64: us */
} bench;

static void note(GArray *times, gint64 since)
{
	g_mutex_lock(&bench.lock);
	times_note(times, since);
	g_mutex_unlock(&bench.lock);
}

/* The decision alone, thrown away again. */
static void decide(Core *core, const char *pool, const char *desktop)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ImageView) image = g_new0(ImageView, 1);
	gint64 begin = g_get_monotonic_time();
	g_auto(DbTransaction) tx = db_begin(core->db, &error);

	image->cpus = 2;
	image->memory = 4096;
	g_assert_true(store_host_unplace(core->db, desktop, &error));
	g_assert_true(placement_put(core, desktop, pool, image, NULL, &error));
	note(bench.decide, begin);
}

static gpointer people(gpointer unused)
{
	char *groups[] = {(char *)"staff", NULL};
	Core *core = bench.f->core;

	for (;;) {
		int i = g_atomic_int_add(&bench.next, 1);
		gint64 due = bench.began + (gint64)i * G_USEC_PER_SEC / RATE;
		g_autofree char *user = g_strdup_printf("person-%d", i);
		g_autofree char *pool = g_strdup_printf("pool%d", i % POOLS);
		g_autofree char *card = g_strconcat("p-", pool, NULL);
		g_autoptr(GError) error = NULL;
		g_autofree char *token = NULL;
		g_autoptr(Who) who = NULL;
		g_autoptr(GPtrArray) cards = NULL;
		g_autoptr(Ticket) ticket = NULL;
		gint64 at;

		if (due >= bench.until)
			return NULL;
		g_usleep((gulong)MAX(due - g_get_monotonic_time(), 0));
		token = core_login(core, user, groups, "::1", &error);
		who = core_who(core, token, &error);
		at = g_get_monotonic_time();
		cards = core_desktops(core, who, &error);
		note(bench.list, at);
		at = g_get_monotonic_time();
		ticket = core_connect(core, who, card, "web", "::1", &error);
		note(bench.click, at);
		g_assert_no_error(error);
		decide(core, pool, ticket->desktop_id);
	}
}

static void add_desktop(Db *db, int i, const char *pool)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *id = g_strdup_printf("d-full-%d", i);
	g_autofree char *name = g_strdup_printf("%s-%d", pool, i / POOLS + 1);
	g_autofree char *user = g_strdup_printf("somebody-%d", i);
	g_autofree char *host = g_strdup_printf("host%d", i % HOSTS);

	rows_add_desktop(db, i, id, name, pool, user, i < LIVE);
	g_assert_true(store_host_place(db, id, pool, host, 2, 4096, &error));
}

static void fill(CoreFixture *f)
{
	Db *db = f->core->db;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (int i = 0; i < HOSTS; i++) {
		g_autofree char *uri = g_strdup_printf("made-up:%d", i);
		HostView host = {.uri = uri,
				 .provider = (char *)"qemu",
				 .cpus = 64,
				 .memory = 512 * 1024,
				 .cpu_ratio = 800,
				 .memory_ratio = 120};

		g_ptr_array_add(names, g_strdup_printf("host%d", i));
		host.name = names->pdata[i];
		g_assert_true(store_host_put(db, &host, &error));
	}
	g_ptr_array_add(names, NULL);
	for (int i = 0; i < POOLS; i++) {
		g_autofree char *pool = g_strdup_printf("pool%d", i);
		PoolHostsView hosts = {.pool = pool,
				       .hosts = (char **)names->pdata,
				       .placement = (char *)(i % 2 ? "pack" : "spread")};

		core_fixture_pool(f, pool, "dedicated", DESKTOPS, 0);
		g_assert_true(store_host_set_pool(db, &hosts, &error));
	}
	g_auto(DbTransaction) tx = db_begin(db, &error);
	for (int i = 0; i < DESKTOPS; i++) {
		g_autofree char *pool = g_strdup_printf("pool%d", i % POOLS);

		add_desktop(db, i, pool);
	}
	/* What a database that runs for longer than this does by itself. */
	g_assert_true(db_run(db, &error, "ANALYZE"));
	g_assert_true(db_commit(&tx, &error));
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 20;
	CoreFixture f = {0};
	GThread *threads[THREADS];

	log_init("bench", FALSE);
	core_fixture_setup(&f, NULL);
	f.times.adopt = 3600; /* no gateway here confirms a session */
	fill(&f);
	core_fixture_restart(&f); /* the sessions are in memory then, too */
	bench.f = &f;
	bench.list = times_new();
	bench.click = times_new();
	bench.decide = times_new();
	bench.began = g_get_monotonic_time();
	bench.until = bench.began + seconds * G_USEC_PER_SEC;
	for (int i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("people", people, NULL);
	for (int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	printf("%d hosts, %d desktops, %d live sessions; %.0f logins a second\n", HOSTS, DESKTOPS,
	       LIVE,
	       (double)bench.click->len * G_USEC_PER_SEC /
		       (double)(g_get_monotonic_time() - bench.began));
	times_show("the list", bench.list);
	times_show("click: new desktop, placed and started", bench.click);
	times_show("the decision (one transaction)", bench.decide);
	times_show_memory();
	core_fixture_teardown(&f, NULL);
	return 0;
}
