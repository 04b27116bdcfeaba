/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limit: how often somebody may be wrong, the same for the web page and for native viewers. Refused
 * logins are counted in the database, so that several brokers count together and a restart forgets
 * none; beyond a few, each further one doubles the wait. Counts fade with time, but not while one
 * has to wait. Attempts under way are bounded too (in memory, by each broker), so that a burst
 * cannot slip through before its first refusal is known.
 *
 * Three counters:
 *   a place       whoever is tried from there: slows who tries many names
 *   a user name   wherever they come from: slows who owns many addresses
 *   both at once  for a user at a place from which they have logged in before: only this one counts
 *                 for them there, and its wait is short. So no stranger elsewhere locks anybody out
 *                 from home, and neither does a neighbour behind the same address for long.
 *
 * Beside these are bans by an admin, which know no such exception.
 */
#pragma once

#include <glib.h>

#include "db.h"

typedef struct Limit Limit;
typedef struct LimitAttempt LimitAttempt;

/* Of this length on, a wait is worth a line in the audit log. */
#define LIMIT_NOTABLE 60 /* s */

/* What counts as one place: an IPv4 address, or the /64 that an IPv6 site has at least. g_free()
 * it. */
char *limit_place(const char *peer);
/* The one name for all ways to write it. g_free() it. */
char *limit_user(const char *user);

/* Borrows the database. */
Limit *limit_new(Db *db);
void limit_free(Limit *limit);

/* ms since 1970. */
gint64 limit_now(void);

/* Counts the attempt as under way; it ends with limit_end(). NULL with FAULT_BUSY if it has to wait
 * (fault_wait(): 1 at least), or with the database's fault. peer: without the port. */
LimitAttempt *limit_begin(Limit *limit, const char *peer, const char *user, gint64 now,
			  GError **error);

typedef enum { LIMIT_ACCEPTED, LIMIT_REFUSED, LIMIT_UNDECIDED } LimitVerdict;

/* Frees the attempt. Returns the seconds that the next one has to wait. What the database cannot
 * take is logged: the verdict stands all the same. */
unsigned limit_end(LimitAttempt *attempt, LimitVerdict verdict, gint64 now);

/* Is there an admin's ban for the user or the place? */
gboolean limit_banned(Limit *limit, const char *peer, const char *user, gint64 now, gboolean *out,
		      GError **error);

/* The same as a verdict: FAULT_DENIED if the person or the address is banned. For who has proven to
 * be user, however they wrote their name: the waits were for the name as it was written. */
gboolean limit_admits(Limit *limit, const char *peer, const char *user, gint64 now, GError **error);

/* From here on this user counts as known at this place. */
gboolean limit_introduce(Limit *limit, const char *user, const char *place, gint64 now,
			 GError **error);
/* Forgets what does not matter any more. */
gboolean limit_clean(Limit *limit, gint64 now, GError **error);
