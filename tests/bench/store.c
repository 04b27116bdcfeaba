/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-store: what the broker needs for a login, a list and a click, with an empty and with a full
 * store: a real core on a real SQLite (or on ORIEL_TEST_DATABASE, emptied), with the made-up
 * provider of the unit tests, whose desktops start at once, and without PAM and HTTP.
 *
 *   bench-store [SECONDS]
 */
#include <stdio.h>

#include "../unit/broker/core-fixture.h"
#include "desktops/assignment.h"
#include "log.h"
#include "rows.h"
#include "times.h"

#define THREADS  2
#define PEOPLE   500
#define DESKTOPS 20000
#define LIVE     5000

typedef struct {
	CoreFixture *f;
	int number;
	gint64 until;
	GArray *whole, *list, *place; /* of gint64: us */
} Worker;

static gpointer click(gpointer data)
{
	Worker *w = data;
	char *groups[] = {(char *)"staff", NULL};

	for (int i = w->number; g_get_monotonic_time() < w->until; i += THREADS) {
		g_autofree char *user = g_strdup_printf("person-%d", i % PEOPLE);
		g_autoptr(GError) error = NULL;
		gint64 begin = g_get_monotonic_time();
		g_autofree char *token = core_login(w->f->core, user, groups, "::1", &error);
		g_autoptr(Who) who = core_who(w->f->core, token, &error);
		gint64 at = g_get_monotonic_time();
		g_autoptr(GPtrArray) cards = core_desktops(w->f->core, who, &error);
		g_autofree char *id = NULL;
		gboolean coming;

		times_note(w->list, at);
		ticket_free(core_connect(w->f->core, who, "p-lab", "web", "::1", &error));
		g_assert_no_error(error);
		times_note(w->whole, begin);
		at = g_get_monotonic_time();
		g_assert_true(assignment_assign(w->f->core, who, "p-lab", core_now() + 60, &id,
						&coming, &error));
		times_note(w->place, at);
	}
	return NULL;
}

static void measure(CoreFixture *f, const char *title, int seconds)
{
	GArray *times[3];
	Worker workers[THREADS];
	GThread *threads[THREADS];

	for (int i = 0; i < 3; i++)
		times[i] = times_new();
	for (int i = 0; i < THREADS; i++) {
		Worker *w = &workers[i];

		*w = (Worker){f, i, g_get_monotonic_time() + seconds * G_USEC_PER_SEC};
		w->whole = times_new();
		w->list = times_new();
		w->place = times_new();
		threads[i] = g_thread_new("click", click, w);
	}
	for (int i = 0; i < THREADS; i++) {
		GArray *own[] = {workers[i].whole, workers[i].list, workers[i].place};

		g_thread_join(threads[i]);
		for (int k = 0; k < 3; k++) {
			g_array_append_vals(times[k], own[k]->data, own[k]->len);
			g_array_unref(own[k]);
		}
	}
	printf("%s: %u a second\n", title, times[0]->len / (unsigned)seconds);
	times_show("login + list + connect", times[0]);
	times_show("list", times[1]);
	times_show("placement", times[2]);
	for (int i = 0; i < 3; i++)
		g_array_unref(times[i]);
}

static void fill(CoreFixture *f)
{
	g_autoptr(GError) error = NULL;
	g_auto(DbTransaction) tx = db_begin(f->core->db, &error);

	for (int i = 0; i < DESKTOPS; i++) {
		g_autofree char *id = g_strdup_printf("d-full-%d", i);
		g_autofree char *name = g_strdup_printf("full-%d", i);
		g_autofree char *user = g_strdup_printf("somebody-%d", i);
		gboolean busy = i < LIVE;

		rows_add_desktop(f->core->db, i, id, name, "lab", busy ? user : NULL, busy);
	}
	g_assert_true(db_commit(&tx, &error));
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 5;
	CoreFixture f = {0};

	log_init("bench", FALSE);
	core_fixture_setup(&f, NULL);
	f.times.adopt = 3600; /* no gateway here confirms a session */
	core_fixture_pool(&f, "lab", "floating", DESKTOPS + PEOPLE, 0);
	measure(&f, "warming up", 2);
	measure(&f, "an empty store", seconds);
	fill(&f);
	core_fixture_restart(&f); /* the sessions are in memory then, too */
	measure(&f, "20,000 desktops, 5,000 live sessions", seconds);
	times_show_memory();
	core_fixture_teardown(&f, NULL);
	return 0;
}
