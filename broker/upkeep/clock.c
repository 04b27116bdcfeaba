/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock: see clock.h. */
#include "upkeep/clock.h"

#include <time.h>

#include "log.h"
#include "store_clock.h"
#include "upkeep/brokers.h"

#define LEAST 10 /* s: less is nobody's loss */

/* Also while the machine sleeps: who was away for so long was not there. */
static gint64 running(void)
{
	struct timespec now;

	g_assert(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
	return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* The time of day, us; FALSE: we were held up between the two. */
static gboolean look(gint64 *out_apart, gint64 *out_now)
{
	gint64 before = running();

	*out_now = g_get_real_time();
	*out_apart = *out_now - before;
	return running() - before < G_USEC_PER_SEC;
}

gboolean clock_follow(Core *core, Clock *clock, gint64 *out_now, GError **error)
{
	const char *broker = db_shared(core->db) ? brokers_name(core->brokers) : NULL;
	gint64 apart, now, seconds;

	while (!look(&apart, &now))
		;
	seconds = clock->apart ? (apart - clock->apart) / G_USEC_PER_SEC : 0;
	if (ABS(seconds) >= LEAST) {
		log_warning(NULL, "the clock was put %s by %" G_GINT64_FORMAT " s",
			    seconds > 0 ? "forward" : "back", ABS(seconds));
		if (!store_clock_shift(core->db, broker, brokers_lead(core->brokers), seconds,
				       error))
			return FALSE;
	}
	clock->apart = apart;
	*out_now = now / G_USEC_PER_SEC;
	return TRUE;
}
