/* SPDX-License-Identifier: GPL-3.0-or-later */
/* activity: see activity.h. */
#include "sessions/activity.h"

#include "log.h"
#include "sessions/sessions.h"
#include "store_input.h"
#include "upkeep/maintainer.h"

#define WRITE_EVERY    (2 * G_USEC_PER_SEC)
#define ROUND_TRIP_MAX ((guint64)G_USEC_PER_SEC * 3600)  /* us: gateways may say anything */
#define AGO_MAX        ((guint64)1000 * 366 * 24 * 3600) /* ms */

typedef struct {
	gint64 at; /* monotonic, us */
	guint64 round_trip;
} Noted;

struct Activity {
	gint64 written_at; /* the maintainer's own */
	GMutex lock;
	GHashTable *gathered; /* lease -> Noted */
};

Activity *activity_new(void)
{
	Activity *activity = g_new0(Activity, 1);

	g_mutex_init(&activity->lock);
	activity->gathered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return activity;
}

void activity_free(Activity *activity)
{
	if (!activity)
		return;
	g_hash_table_destroy(activity->gathered);
	g_mutex_clear(&activity->lock);
	g_free(activity);
}

/* By the clock of that time. */
static gint64 since_1970(const Noted *noted, gint64 now)
{
	return now - (g_get_monotonic_time() - noted->at) / G_USEC_PER_SEC;
}

void activity_note(Core *core, const char *lease, guint64 milliseconds, guint64 round_trip)
{
	Activity *activity = core->activity;
	Noted noted = {g_get_monotonic_time() - (gint64)MIN(milliseconds, AGO_MAX) * 1000,
		       MIN(round_trip, ROUND_TRIP_MAX)};
	gboolean first;

	/* Made-up names would have the store busy, and take the place of true ones. */
	if (!sessions_heard(core->sessions, lease))
		return;
	g_mutex_lock(&activity->lock);
	first = g_hash_table_size(activity->gathered) == 0;
	g_hash_table_insert(activity->gathered, g_strdup(lease), g_memdup2(&noted, sizeof noted));
	g_mutex_unlock(&activity->lock);
	if (first)
		maintainer_look(core->maintainer);
}

gint64 activity_unwritten(Core *core, const char *lease, gint64 now)
{
	const Noted *noted;
	gint64 found;

	g_mutex_lock(&core->activity->lock);
	noted = g_hash_table_lookup(core->activity->gathered, lease);
	found = noted ? since_1970(noted, now) : 0;
	g_mutex_unlock(&core->activity->lock);
	return found;
}

static gboolean write_all(Core *core, GHashTable *gathered, gint64 now, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);
	GHashTableIter iter;
	gpointer lease, value;

	if (!tx.db)
		return FALSE;
	g_hash_table_iter_init(&iter, gathered);
	while (g_hash_table_iter_next(&iter, &lease, &value)) {
		const Noted *noted = value;

		if (!store_input_put(core->db, lease, since_1970(noted, now), noted->round_trip,
				     error))
			return FALSE;
	}
	return db_commit(&tx, error);
}

/* What was told since is newer. Under the lock. */
static void put_back(Activity *activity, GHashTable *gathered)
{
	GHashTableIter iter;
	gpointer lease, noted;

	g_hash_table_iter_init(&iter, gathered);
	while (g_hash_table_iter_next(&iter, &lease, &noted)) {
		if (g_hash_table_contains(activity->gathered, lease))
			continue;
		g_hash_table_iter_steal(&iter);
		g_hash_table_insert(activity->gathered, lease, noted);
	}
}

void activity_write(Core *core, gint64 now, gint64 *due)
{
	Activity *activity = core->activity;
	gint64 begin = g_get_monotonic_time();
	g_autoptr(GHashTable) gathered = NULL;
	g_autoptr(GError) error = NULL;

	g_mutex_lock(&activity->lock);
	if (g_hash_table_size(activity->gathered) > 0 &&
	    begin - activity->written_at >= WRITE_EVERY) {
		gathered = g_steal_pointer(&activity->gathered);
		activity->gathered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	} else if (g_hash_table_size(activity->gathered) > 0) {
		*due = MIN(*due, activity->written_at + WRITE_EVERY);
	}
	g_mutex_unlock(&activity->lock);
	if (!gathered)
		return;
	activity->written_at = begin;
	if (write_all(core, gathered, now, &error))
		return;
	log_error(NULL, "when people were active last: %s", error->message);
	g_mutex_lock(&activity->lock);
	put_back(activity, gathered);
	g_mutex_unlock(&activity->lock);
	*due = MIN(*due, begin + WRITE_EVERY);
}
