/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session: see session.h. How a lease begins and what happens in between. */
#include "sessions/session.h"

#include <sys/random.h>

#include "admin/audit.h"
#include "fault.h"
#include "gateways/gateway_link.h"
#include "lobbies/lobbies.h"
#include "log.h"
#include "secret.h"
#include "sessions/lease_proof.h"
#include "sessions/sessions.h"
#include "store_desktop.h"
#include "store_session.h"
#include "store_ticket.h"
#include "upkeep/brokers.h"
#include "upkeep/maintainer.h"

#define REFUSALS_NOTED 4 /* in the audit log, of one ticket */

/* ---- the beginning */

/* What opens a lease. With a ticket, user and desktop are its. */
typedef struct {
	const char *user, *desktop;
	const ControlMessage *request;
	const Asker *asker;
	const char *proof;
} Opening;

gboolean session_fresh_client_id(Core *core, guint32 *out, GError **error)
{
	for (;;) {
		g_autoptr(StoreLease) taken = NULL;
		g_autoptr(GError) why = NULL;

		g_assert(getrandom(out, sizeof *out, 0) == sizeof *out);
		taken = store_lease_of_client(core->db, *out, &why);
		if (*out != 0 && g_error_matches(why, FAULT, FAULT_NOT_FOUND))
			return TRUE;
		if (!taken && !g_error_matches(why, FAULT, FAULT_NOT_FOUND)) {
			g_propagate_error(error, g_steal_pointer(&why));
			return FALSE;
		}
	}
}

/* Under the lock, inside a transaction. *out_old: the lease that ends for this one. */
static Lease *begin_lease(Core *core, const Opening *o, Grant *out, StoreLease **out_old,
			  GError **error)
{
	const char *via = g_str_equal(o->request->protocol, "spice") ? "spice" : "vnc";
	g_autoptr(StoreDesktop) row = store_desktop(core->db, o->desktop, error);
	g_autoptr(Lease) lease = NULL;
	const Lease *old;
	StoreLease begun;
	guint32 client_id = o->asker->bond ? o->asker->bond->client_id : 0;

	if (!row || !store_desktop_enter(core->db, o->desktop, o->user, core_now(), error) ||
	    !store_lease_of_desktop(core->db, o->desktop, out_old, error) ||
	    (!client_id && !session_fresh_client_id(core, &client_id, error)))
		return NULL;
	lease = lease_new(o->user, via, o->request, o->asker);
	lease->desktop = g_strdup(row->id);
	lease->desktop_name = g_strdup(row->name);
	lease->pool = g_strdup(row->pool);
	lease->confirm_by = lease->began + core->times.connect * G_USEC_PER_SEC;
	lease->bond.client_id = client_id;
	if (!o->asker->bond)
		lease->bond.proof = g_strdup(o->proof);
	begun = lease_row(lease, brokers_name(core->brokers));
	old = *out_old ? g_hash_table_lookup(core->sessions->by_id, (*out_old)->id) : NULL;
	if (*out_old &&
	    store_session_end(core->db, (*out_old)->id, NULL, "taken over", core_now(),
			      old ? old->bytes_in : 0, old ? old->bytes_out : 0, error) < 0)
		return NULL;
	if (!store_lease_add(core->db, &begun, error))
		return NULL;
	lease_grant(&begun, out);
	return g_steal_pointer(&lease);
}

/* Its end is written; the audit log waits for its bytes. */
static void drop_old(Core *core, const StoreLease *row)
{
	Sessions *s = core->sessions;
	Lease *lease = g_hash_table_lookup(s->by_id, row->id);

	if (g_hash_table_contains(s->unwritten, row->id))
		return;
	lease = lease ? sessions_take(s, lease) : lease_new_from_row(row);
	lobbies_note_end(core, lease, FAULT_ENDED, "It was opened somewhere else.");
	sessions_await_report(core, lease, "taken over");
}

/* Under the lock. */
static gboolean open_locked(Core *core, Opening o, Grant *out, char **out_ended, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(core->db, error);
	g_autofree char *ticket_user = NULL;
	g_autofree char *ticket_desktop = NULL;
	g_autoptr(StoreLease) old = NULL;
	g_autoptr(Lease) lease = NULL;

	if (!tx.db)
		return FALSE;
	if (o.request->ticket) {
		g_autofree char *hash = secret_hash(o.request->ticket);

		if (!store_ticket_redeem(core->db, hash, o.request->protocol, core_now(),
					 &ticket_user, &ticket_desktop, error))
			return FALSE;
		o.user = ticket_user;
		o.desktop = ticket_desktop;
	}
	/* Since the ticket was made, or the desktop asked for. */
	if (!limit_admits(core->limit, "", o.user, limit_now(), error))
		return FALSE;
	lease = begin_lease(core, &o, out, &old, error);
	if (!lease || !db_commit(&tx, error))
		return FALSE;
	if (old) {
		*out_ended = g_strdup(old->id);
		drop_old(core, old);
	}
	sessions_add(core->sessions, g_steal_pointer(&lease));
	return TRUE;
}

gboolean session_open(Core *core, const char *user, const char *desktop_id,
		      const ControlMessage *request, const Asker *asker, Grant *out, GError **error)
{
	g_autofree char *proof = asker->bond ? NULL : lease_proof(request);
	g_autofree char *ended = NULL;
	gboolean ok;

	g_mutex_lock(&core->sessions->lock);
	ok = open_locked(core, (Opening){user, desktop_id, request, asker, proof}, out, &ended,
			 error);
	g_mutex_unlock(&core->sessions->lock);
	if (ended)
		sessions_tell_end(core, ended, FAULT_ENDED, "taken over");
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
	/* Only of tickets that we made: strangers could fill the audit log with others; and who has
	 * one could, by showing it again and again. */
	if (store_ticket_refused(core->db, hash, REFUSALS_NOTED)) {
		detail = g_strconcat("refused: ", why->message, NULL);
		audit_note(
			core,
			&(AuditEntry){.event = "ticket", .peer = request->peer, .detail = detail});
	}
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

/* ---- one that comes again */

gboolean session_can_swap(const Core *core, const char *protocol)
{
	return core->options->spice_swap || !g_str_equal(protocol, "spice");
}

gboolean session_expect(Core *core, const char *id)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->sessions->lock);
	Lease *lease = g_hash_table_lookup(core->sessions->by_id, id);

	if (lease)
		lease->expected = lease->bond.sealed && lease->bond.proof &&
				  !lease_proof_of_place(lease->bond.proof);
	return lease && lease->expected;
}

/* Under the lock. */
static Lease *expected(Sessions *s, const ControlMessage *request)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, s->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Lease *lease = value;

		if (lease->expected && bond_proven(&lease->bond, request))
			return lease;
	}
	return NULL;
}

gboolean session_again(Core *core, const ControlMessage *request, const Asker *asker, Grant *out)
{
	Sessions *s = core->sessions;
	g_autofree char *id = NULL;
	Lease *lease;

	if (session_can_swap(core, request->protocol))
		return FALSE;
	g_mutex_lock(&s->lock);
	lease = expected(s, request);
	if (lease) {
		lease->expected = FALSE;
		lease->carried = FALSE; /* its channels are new, too */
		lease->connection = asker->connection;
		id = g_strdup(lease->id);
	}
	g_mutex_unlock(&s->lock);
	return id && session_find(core, id, out, NULL);
}

/* ---- in between */

/* From memory, if the lease was opened here or has been proven once; else slowly, by its row. */
static gboolean joins(Core *core, const StoreLease *row, const ControlMessage *request)
{
	Sessions *s = core->sessions;
	gboolean sealed, ended, ok = FALSE;
	Lease *lease;

	g_mutex_lock(&s->lock);
	lease = g_hash_table_lookup(s->by_id, row->id);
	sealed = lease && lease->bond.sealed;
	if (sealed)
		ok = bond_proven(&lease->bond, request);
	ended = g_hash_table_contains(s->unwritten, row->id);
	g_mutex_unlock(&s->lock);
	if (request->bond)
		return !ended && bond_told(row->client_id, row->proof, request);
	if (sealed || ended || !lease_proof_matches(row->proof, request))
		return ok;
	g_mutex_lock(&s->lock);
	lease = g_hash_table_lookup(s->by_id, row->id);
	if (lease)
		bond_seal(&lease->bond, request);
	g_mutex_unlock(&s->lock);
	return TRUE;
}

gboolean session_join(Core *core, const ControlMessage *request, Grant *out, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(StoreLease) row = store_lease_of_client(core->db, request->client_id, &why);

	/* Where main is by now: it may be on its way from a lobby to that desktop, or back. */
	if (!(row && row->backend_id) && lobbies_join(core, request, out))
		return TRUE;
	if (row && joins(core, row, request)) {
		lease_grant(row, out);
		return TRUE;
	}
	if (why && !g_error_matches(why, FAULT, FAULT_NOT_FOUND))
		g_propagate_error(error, g_steal_pointer(&why));
	else
		g_set_error(error, FAULT, FAULT_DENIED,
			    row ? "a channel came with another ticket or login than its session"
				: "a channel came for a session that is not there");
	return FALSE;
}

gboolean session_find(Core *core, const char *id, Grant *out, GError **error)
{
	g_autoptr(StoreLease) row = store_lease(core->db, id, error);
	gboolean ended;

	if (!row)
		return FALSE;
	g_mutex_lock(&core->sessions->lock);
	ended = g_hash_table_contains(core->sessions->unwritten, id);
	g_mutex_unlock(&core->sessions->lock);
	if (!ended)
		lease_grant(row, out);
	else
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "session '%s' has ended", id);
	return !ended;
}

gboolean session_linked(Core *core, const char *id, guint32 backend_id, Grant *out, GError **error)
{
	Lease *lease;

	if (!store_lease_set_backend(core->db, id, backend_id, error))
		return FALSE;
	g_mutex_lock(&core->sessions->lock);
	lease = g_hash_table_lookup(core->sessions->by_id, id);
	if (lease && lease->carried)
		*out = (Grant){.lease = g_strdup(id),
			       .bond = bond_word(lease->bond.client_id, lease->bond.proof)};
	if (lease)
		lease->carried = TRUE; /* main may come back, from a line that broke */
	g_mutex_unlock(&core->sessions->lock);
	return TRUE;
}

void sessions_record_start(Core *core, Lease *lease)
{
	g_autoptr(GError) error = NULL;

	lease->unrecorded = !store_session_start(core->db, lease->id, &error);
	if (lease->unrecorded) {
		log_error(NULL, "session %s: %s", lease->id, error->message);
		return;
	}
	audit_note(core, &(AuditEntry){
				 .event = "session-start",
				 .user = lease->user,
				 .peer = lease->peer,
				 .desktop = lease->desktop,
				 .session = lease->id,
				 .detail = lease->protocol,
			 });
}

void sessions_confirm(Core *core, Lease *lease, gconstpointer connection)
{
	lease->confirm_by = 0;
	g_clear_pointer(&lease->aside, g_free); /* back, of itself */
	/* Or another one than before: a tunnel broke, and nobody has seen the end of the old one
	 * yet. */
	lease->connection = connection;
	if (!lease->started)
		sessions_record_start(core, lease);
	lease->started = TRUE;
}

gboolean session_started(Core *core, const char *id, const Asker *asker)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->sessions->lock);

	return sessions_claim(core, id, asker->connection);
}

gboolean session_ended_whole(const ControlMessage *notice)
{
	return !notice->channel || !*notice->channel || g_str_has_prefix(notice->channel, "main");
}

/* Its client is at a lobby that we do not know, of the broker before us or one that has gone
 * already: it comes back, or that lobby's end says that it has left (lobby_warning.h). From one
 * that it was called back from before we heard that it was there, it comes back. Under the lock. */
static void expect_back(Core *core, Lease *lease, const char *lobby)
{
	if (g_strcmp0(lease->called_back, lobby) != 0)
		lease->aside = g_strdup(lobby);
	if (!lease->confirm_by)
		lease->confirm_by = g_get_monotonic_time() + core->times.adopt * G_USEC_PER_SEC;
}

/* A gateway's end of the lease is not its end: its client is at a lobby. Under the lock. */
static gboolean goes_aside(Core *core, Lease *lease, const char *lobby)
{
	if (lobby && !lease->aside)
		expect_back(core, lease, lobby);
	lease->left = lease->aside != NULL;
	return lease->left || lobby;
}

gboolean session_ended(Core *core, const ControlMessage *notice)
{
	Sessions *s = core->sessions;
	gboolean whole = session_ended_whole(notice), aside = FALSE, written;
	g_autoptr(GError) why = NULL;
	Fault code = FAULT_ENDED;
	Lease *lease;

	g_mutex_lock(&s->lock);
	if (whole)
		g_hash_table_remove(s->claimed, notice->lease);
	lease = whole ? sessions_adopt(core, notice->lease, &why)
		      : g_hash_table_lookup(s->by_id, notice->lease);
	if (lease) {
		lease->bytes_in += notice->bytes_in;
		lease->bytes_out += notice->bytes_out;
		aside = whole && goes_aside(core, lease, notice->to);
	}
	g_mutex_unlock(&s->lock);
	/* A channel of one that another broker watches over, or of one that has ended. */
	if (!lease)
		sessions_late_report(core, notice, whole);
	fault_from_name(notice->fault, &code);
	if (lease && whole && !aside)
		sessions_end_reported(core, notice->lease, code,
				      notice->reason ? notice->reason : "ended");
	g_mutex_lock(&s->lock);
	written = !g_hash_table_contains(s->unwritten, notice->lease);
	g_mutex_unlock(&s->lock);
	return written && (!why || g_error_matches(why, FAULT, FAULT_NOT_FOUND));
}
