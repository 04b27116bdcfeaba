/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ration: how many logins one person has lately, in whatever way. Each is a line in the audit log,
 * which is kept for good; nobody fills the disk with them. In memory, by each broker; thread-safe.
 */
#pragma once

#include <glib.h>

#define RATION_MOST    1000
#define RATION_SECONDS 300

typedef struct Ration Ration;

Ration *ration_new(void);
void ration_free(Ration *ration);

/* One more for this person, however the name is written. FAULT_BUSY after RATION_MOST, until
 * RATION_SECONDS after the first of those. now: s. */
gboolean ration_take(Ration *ration, const char *user, gint64 now, GError **error);
