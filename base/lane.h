/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lane: requests that wait for one of a few threads, and whose turn it is. Who asks has a row of
 * its own, and rows take turns: whoever asks much makes itself wait and nobody else. Rows stand in
 * groups, which take turns in the same way, as one process may have many connections. A group has
 * no more than its share of the threads at a time, so that others need not wait for what takes long
 * either. For any thread; nothing here looks at more than the row whose turn it is.
 */
#pragma once

#include <glib.h>

typedef struct Lane Lane;

typedef struct {
	unsigned threads, share; /* of those that one group has at a time, at least 1 */
	unsigned most;           /* that may wait in one row */
	void (*run)(gpointer request);
	GDestroyNotify drop; /* after it has run, or instead; its row's group may go with it */
} LaneRules;

/* Both are the owner's: zeroed memory, but for the row's group. A group stays where it is until
 * each request of its rows was dropped, a row until nothing waits in it. */
typedef struct {
	GList place;
	GQueue rows; /* in which something waits */
	unsigned running;
} LaneGroup;
typedef struct {
	GList place;
	GQueue waiting; /* oldest first */
	LaneGroup *group;
} LaneRow;

Lane *lane_new(const LaneRules *rules);
/* Waits for what runs, and for what waits to. Accepts NULL. */
void lane_free(Lane *lane);

/* Takes the request. FALSE: too many wait in this row already, and it is the caller's still. */
gboolean lane_push(Lane *lane, LaneRow *row, gpointer request);
/* Drops what waits in this row. */
void lane_empty(Lane *lane, LaneRow *row);
