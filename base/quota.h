/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quota: how many slow things one person may have under way at a time, so that nobody takes all the
 * threads that wait for such. Thread-safe.
 */
#pragma once

#include <glib.h>

typedef struct Quota Quota;

/* each: how many a person may have. */
Quota *quota_new(unsigned each);
void quota_free(Quota *quota);

/* False if this person has all of theirs under way. Each true is followed by one quota_end(). */
gboolean quota_begin(Quota *quota, const char *who);
void quota_end(Quota *quota, const char *who);
