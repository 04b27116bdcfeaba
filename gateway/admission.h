/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admission: who of those that connect to a worker is one too many: connections in all, from one
 * address, on their way to a desktop, or in more memory than there may be. The old go on; the
 * newest are refused in their own words (a session whose `limit` is set says them), as many at a
 * time as there is room for telling, and the rest is closed.
 *
 * It owns no session, only their places in its count.
 */
#pragma once

#include "options.h"
#include "session/session.h"

typedef struct Admission Admission;

/* Borrows the options. Before the sandbox is entered. NULL with FAULT_CONFIG if the system does not
 * say how much memory is used, and there is a limit for it. */
Admission *admission_new(const Options *options, GError **error);
void admission_free(Admission *admission);

/* A connection from this address (a trusted proxy's: `proxied`) came. FALSE: close it, there is not
 * even room for words. TRUE: begin a session, with *out_limit as its limit, NULL = welcome. One
 * that waits for nothing may have been dropped to make room for it. */
gboolean admission_judge(Admission *admission, const char *address, gboolean proxied, guint64 now,
			 const char **out_limit);

/* TRUE: the next one is one too many, or takes somebody's place. */
gboolean admission_crowded(const Admission *admission);

/* It began (at once after it was admitted); it has its desktop; it is gone, and had one. */
void admission_add(Admission *admission, Session *session);
void admission_relaying(Admission *admission, Session *session);
void admission_remove(Admission *admission, Session *session, gboolean relayed);

/* A line to a desktop is held open for a while when its client from this address has gone: it takes
 * the client's place meanwhile. */
void admission_hold(Admission *admission, const char *address);
void admission_release(Admission *admission, const char *address);

/* worker_session_is_from() */
gboolean admission_move(Admission *admission, Session *session, const char *address);
