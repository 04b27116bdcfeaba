/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_message: what admins say to people, for as long as it may be news. */
#pragma once

#include "core.h"
#include "db.h"

/* Adds it and forgets those from before `oldest`. FAULT_BUSY if this person has too
 * many already. */
gboolean store_message_add(Db *db, const MessageView *message, gint64 oldest, GError **error);
/* Those to this person since then, oldest first. */
GPtrArray *store_messages(Db *db, const char *user, gint64 since, GError **error);
