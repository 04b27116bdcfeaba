/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * throttle: how fast bytes may be read from a peer. A bucket holds what may pass at once (a quarter
 * of a second's worth) and fills at its rate; a throttle looks at two of them, a session's and its
 * user's, and takes from both.
 *
 * The buckets lie in memory that all processes forked after buckets_new() share, under the hash of
 * a name: so a user has one rate, however many sessions he has and whichever workers carry them. A
 * bucket is one number, the time at which it is full again, and changes in one step: nobody holds a
 * lock, nobody who is killed leaves one behind, and a full bucket is a free one. What others write
 * there is no more trusted than to make us slower, for a second at a time. Times are in us of
 * g_get_monotonic_time(), which is the same for all processes.
 */
#pragma once

#include <glib.h>

typedef struct Buckets Buckets;
typedef struct Throttle Throttle;

/* For the life of the process. NULL with errno. */
Buckets *buckets_new(void);

/* Each: a name, and bytes a second, 0 = no limit. NULL if neither limits. Borrows the buckets. */
Throttle *throttle_new(Buckets *buckets, const char *one, guint64 one_rate, const char *other,
		       guint64 other_rate);
void throttle_free(Throttle *throttle); /* accepts NULL */

/* How many bytes may be read now, at most max. 0: none, *out_wait is for how long (us, > 0). */
gsize throttle_allows(Throttle *throttle, gsize max, gint64 now, gint64 *out_wait);

/* So many were read. */
void throttle_took(Throttle *throttle, gsize n, gint64 now);
