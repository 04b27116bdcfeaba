/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jobs: slow steps for desktops, on threads of their own: at most one for each desktop at a time.
 * What failed is not tried again at once, and later each time. Owned by the maintainer, whose
 * rounds find out what there is to do.
 */
#pragma once

#include "core_parts.h"
#include "rounds.h"

typedef struct Jobs Jobs;

/* FAULT_NOT_FOUND is no failure: the desktop was removed meanwhile. */
typedef gboolean (*JobStep)(Core *core, const char *id, GError **error);

/* Each end of a job wakes the rounds; once those are told to quit, none begins. Both outlive it. */
Jobs *jobs_new(Core *core, Rounds *rounds);
void jobs_start(Jobs *jobs);
/* Waits for those under way; what has not begun never does. */
void jobs_stop(Jobs *jobs);
void jobs_free(Jobs *jobs); /* must not run; accepts NULL */

/* Begins it, unless one for this desktop is under way or must wait; *due then comes down to when it
 * may. `what` is static text, for the log. */
void jobs_begin(Jobs *jobs, const char *id, JobStep step, const char *what, gint64 *due);

/* The same at once, whatever failed before. FALSE: one for this desktop is under way. */
gboolean jobs_begin_now(Jobs *jobs, const char *id, JobStep step, const char *what);
