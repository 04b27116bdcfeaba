/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit: see audit.h. */
#include "admin/audit.h"

#include "admin/audit_out.h"
#include "log.h"
#include "metrics.h"
#include "store_audit.h"

gboolean audit_add(Core *core, const AuditEntry *entry, GError **error)
{
	AuditView view = {
		.at = g_get_real_time() / 1000,
		.event = (char *)entry->event,
		.user = (char *)entry->user,
		.peer = (char *)entry->peer,
		.desktop = (char *)entry->desktop,
		.session = (char *)entry->session,
		.detail = (char *)entry->detail,
		.bytes_in = entry->bytes_in,
		.bytes_out = entry->bytes_out,
		.milliseconds = entry->milliseconds,
	};

	metrics_count(METRIC_EVENTS, entry->event, NULL, NULL);
	if (!store_audit_add(core->db, &view, error))
		return FALSE;
	audit_out_wake(core);
	return TRUE;
}

void audit_note(Core *core, const AuditEntry *entry)
{
	g_autoptr(GError) error = NULL;

	if (!audit_add(core, entry, &error))
		log_error(NULL, "the audit log misses a '%s': %s", entry->event, error->message);
}

void audit_admin(Core *core, const char *admin, const char *desktop, const char *format, ...)
{
	g_autofree char *detail = NULL;
	va_list args;

	va_start(args, format);
	detail = g_strdup_vprintf(format, args);
	va_end(args);
	audit_note(core,
		   &(AuditEntry){
			   .event = "admin", .user = admin, .desktop = desktop, .detail = detail});
}

GPtrArray *core_audit(Core *core, gint64 before_id, unsigned limit, const char *text,
		      GError **error)
{
	return store_audit(core->db, before_id, limit, text, error);
}
