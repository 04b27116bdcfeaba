/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit: what goes into the audit log, and its time. */
#pragma once

#include "core_parts.h"

typedef struct {
	const char *event; /* see AuditView */
	const char *user, *peer, *desktop, *session, *detail;
	guint64 bytes_in, bytes_out, milliseconds;
} AuditEntry;

/* May be called inside a transaction of the calling thread. */
gboolean audit_add(Core *core, const AuditEntry *entry, GError **error);
/* Where nothing depends on it: a failure goes to the log. */
void audit_note(Core *core, const AuditEntry *entry);
/* An admin's deed: "admin" with these words. */
void audit_admin(Core *core, const char *admin, const char *desktop, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
