/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session: see session.h. How a lease begins and what happens in between. */
#include "session.h"

#include <sys/random.h>

#include "audit.h"
#include "fault.h"
#include "gateway_link.h"
#include "log.h"
#include "maintainer.h"
#include "secret.h"
#include "sessions.h"
#include "store_desktop.h"
#include "store_session.h"
#include "store_ticket.h"

/* ---- the beginning */

static guint32 fresh_client_id(Sessions *s)
{
	guint32 id;

	do
		g_assert(getrandom(&id, sizeof id, 0) == sizeof id);
	while (id == 0 || g_hash_table_contains(s->by_client, GUINT_TO_POINTER(id)));
	return id;
}

static gboolean record_begin(Core *core, const Lease *lease, GError **error)
{
	SessionView row = {
		.id = lease->id,
		.user = lease->user,
		.desktop_id = lease->desktop,
		.desktop_name = lease->desktop_name,
		.pool = lease->pool,
		.protocol = lease->protocol,
		.via = lease->via,
		.peer = lease->peer,
		.gateway = lease->gateway,
		.started_at = lease->began_at,
	};

	return store_session_add(core->db, &row, error);
}

/* Under the lock, inside a transaction. *out_old: the lease that must end for this one. */
static Lease *begin_lease(Core *core, const char *user, const char *desktop_id,
	const ControlMessage *request, const Asker *asker, Lease **out_old, GError **error)
{
	const char *via = g_str_equal(request->protocol, "spice") ? "spice" : "vnc";
	g_autoptr(StoreDesktop) row = store_desktop(core->db, desktop_id, error);
	g_autoptr(Lease) lease = NULL;
	Lease *old = g_hash_table_lookup(core->sessions->by_desktop, desktop_id);

	if (!row || !store_desktop_enter(core->db, desktop_id, user, core_now(), error))
		return NULL;
	lease = lease_new(user, via, request, asker);
	lease->desktop = g_strdup(row->id);
	lease->desktop_name = g_strdup(row->name);
	lease->pool = g_strdup(row->pool);
	lease->client_id = fresh_client_id(core->sessions);
	lease->confirm_by = lease->began + core->times.connect * G_USEC_PER_SEC;
	if (!record_begin(core, lease, error) ||
		(old && !sessions_record_end(core, old, "taken over", error)))
		return NULL;
	*out_old = old;
	return g_steal_pointer(&lease);
}

/* With a ticket, user and desktop are its. */
static gboolean open_locked(Core *core, const char *user, const char *desktop_id,
	const ControlMessage *request, const Asker *asker, Grant *out, char **out_ended,
	GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);
	g_autofree char *ticket_user = NULL;
	g_autofree char *ticket_desktop = NULL;
	Lease *lease;
	Lease *old = NULL;

	if (!tx.db)
		return FALSE;
	if (request->ticket) {
		g_autofree char *hash = secret_hash(request->ticket);

		if (!store_ticket_redeem(core->db, hash, request->protocol, core_now(),
			    &ticket_user, &ticket_desktop, error))
			return FALSE;
		user = ticket_user;
		desktop_id = ticket_desktop;
	}
	lease = begin_lease(core, user, desktop_id, request, asker, &old, error);
	if (!lease)
		return FALSE;
	if (!db_commit(&tx, error)) {
		lease_free(lease);
		return FALSE;
	}
	if (old) {
		*out_ended = g_strdup(old->id);
		sessions_await_report(core, sessions_take(core->sessions, old), "taken over");
	}
	sessions_add(core->sessions, lease);
	lease_grant(lease, out);
	return TRUE;
}

gboolean session_open(Core *core, const char *user, const char *desktop_id,
	const ControlMessage *request, const Asker *asker, Grant *out, GError **error)
{
	g_autofree char *ended = NULL;
	gboolean ok;

	g_mutex_lock(&core->sessions->lock);
	ok = open_locked(core, user, desktop_id, request, asker, out, &ended, error);
	g_mutex_unlock(&core->sessions->lock);
	if (ended)
		gateway_link_end(core->link, ended, FAULT_ENDED, "taken over");
	if (ok)
		maintainer_wake(core->maintainer); /* it will look whether a picture came */
	return ok;
}

gboolean session_redeem(Core *core, const ControlMessage *request, const Asker *asker, Grant *out,
	GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *detail = NULL;
	g_autofree char *hash = secret_hash(request->ticket);

	if (session_open(core, NULL, NULL, request, asker, out, &why))
		return TRUE;
	/* Only of tickets that we made: strangers could fill the audit log with others. */
	if (store_ticket_known(core->db, hash)) {
		detail = g_strconcat("refused: ", why->message, NULL);
		audit_note(core, &(AuditEntry){.event = "ticket", .peer = request->peer,
					 .detail = detail});
	}
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

/* ---- in between */

/* Under the lock. */
static Lease *find_lease(Core *core, const char *id, GError **error)
{
	Lease *lease = g_hash_table_lookup(core->sessions->by_id, id);

	if (!lease)
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no live session '%s'", id);
	return lease;
}

gboolean session_join(Core *core, const ControlMessage *request, Grant *out, GError **error)
{
	Sessions *s = core->sessions;
	Lease *lease;
	gboolean ok;

	g_mutex_lock(&s->lock);
	lease = g_hash_table_lookup(s->by_client, GUINT_TO_POINTER(request->client_id));
	ok = lease && lease_proven(lease, request);
	if (ok)
		lease_grant(lease, out);
	g_mutex_unlock(&s->lock);
	if (!ok)
		g_set_error(error, FAULT, FAULT_DENIED, lease
				? "a channel came with another ticket or login than its session"
				: "a channel came for a session that is not there");
	return ok;
}

gboolean session_find(Core *core, const char *id, Grant *out, GError **error)
{
	Lease *lease;

	g_mutex_lock(&core->sessions->lock);
	lease = find_lease(core, id, error);
	if (lease)
		lease_grant(lease, out);
	g_mutex_unlock(&core->sessions->lock);
	return lease != NULL;
}

gboolean session_linked(Core *core, const char *id, guint32 backend_id, GError **error)
{
	Lease *lease;

	g_mutex_lock(&core->sessions->lock);
	lease = find_lease(core, id, error);
	if (lease)
		lease->backend_id = backend_id;
	g_mutex_unlock(&core->sessions->lock);
	return lease != NULL;
}

/* The first picture of a session. Under the lock. */
static void record_start(Core *core, const Lease *lease)
{
	g_autoptr(GError) error = NULL;

	if (!store_session_start(core->db, lease->id, &error))
		log_error(NULL, "session %s: %s", lease->id, error->message);
	audit_note(core, &(AuditEntry){
				 .event = "session-start",
				 .user = lease->user,
				 .peer = lease->peer,
				 .desktop = lease->desktop,
				 .session = lease->id,
				 .detail = lease->protocol,
			 });
}

gboolean session_started(Core *core, const char *id, const Asker *asker)
{
	Lease *lease;

	g_mutex_lock(&core->sessions->lock);
	lease = find_lease(core, id, NULL);
	if (lease) {
		lease->confirm_by = 0;
		if (!lease->connection)
			lease->connection = asker->connection;
		if (!lease->started)
			record_start(core, lease);
		lease->started = TRUE;
	}
	g_mutex_unlock(&core->sessions->lock);
	return lease != NULL;
}

/* Does the end of this connection end the session? */
static gboolean whole_session(const ControlMessage *notice)
{
	return !notice->channel || !*notice->channel || g_str_has_prefix(notice->channel, "main");
}

void session_ended(Core *core, const ControlMessage *notice)
{
	Sessions *s = core->sessions;
	Fault code = FAULT_ENDED;
	Lease *lease;

	g_mutex_lock(&s->lock);
	lease = g_hash_table_lookup(s->by_id, notice->lease);
	if (lease) {
		lease->bytes_in += notice->bytes_in;
		lease->bytes_out += notice->bytes_out;
	}
	g_mutex_unlock(&s->lock);
	if (!lease) {
		sessions_late_report(core, notice, whole_session(notice));
		return;
	}
	fault_from_name(notice->fault, &code);
	if (whole_session(notice))
		sessions_end(core, notice->lease, code, notice->reason ? notice->reason : "ended",
			TRUE);
}
