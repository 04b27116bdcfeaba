/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ticket: see ticket.h. What a ticket opens is session.c's. */
#include "sessions/ticket.h"

#include "admin/audit.h"
#include "bridges/bridges.h"
#include "desktops/assignment.h"
#include "desktops/desktop.h"
#include "desktops/seat.h"
#include "fault.h"
#include "metrics.h"
#include "people/entitlement.h"
#include "secret.h"
#include "store_ticket.h"
#include "upkeep/maintainer.h"

#define LATELY \
	300 /* s: in so long somebody gets RATION tickets for a desktop: each is written down */
#define RATION  300
#define SLACK   30  /* s: from a started desktop to its ticket or lease */
#define PATIENT 15  /* s: so long somebody waits for a desktop that is being made fresh  */
#define WAITING 16  /* so many at once, of the threads that start desktops for people    */
#define LOOK_MS 100 /* between two of their looks                                       */

static gboolean check_display(Core *core, const char *id, const char *via, GError **error)
{
	g_autoptr(Seat) seat = seat_load(core, id, error);

	if (!seat)
		return FALSE;
	if (bridges_source(core, seat->ops->displays(seat->provider, &seat->spec), via))
		return TRUE;
	g_set_error(error, FAULT, FAULT_DESKTOP, "%s has no %s display", seat->row->name, via);
	return FALSE;
}

char *ticket_card(Core *core, const Who *who, const char *wanted, GError **error)
{
	g_autoptr(GPtrArray) cards = core_desktops(core, who, error);

	if (!cards)
		return NULL;
	for (guint i = 0; i < cards->len; i++) {
		DesktopView *card = cards->pdata[i];

		if (!wanted || !*wanted || g_str_equal(wanted, card->name) ||
		    g_str_equal(wanted, card->pool) || g_str_equal(wanted, card->id))
			return g_strdup(card->id);
	}
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "%s has no desktop%s%s", who->user,
		    wanted ? " called " : "", wanted ? wanted : "");
	return NULL;
}

static int waiting; /* people, atomic */

static gboolean begin_to_wait(void)
{
	if (g_atomic_int_add(&waiting, 1) < WAITING)
		return TRUE;
	g_atomic_int_add(&waiting, -1);
	return FALSE;
}

/* Assigned, if need be as soon as one that somebody else has just left is fresh. */
static gboolean assign(Core *core, const Who *who, const char *card, char **out_id, GError **error)
{
	gint64 deadline = g_get_monotonic_time() + PATIENT * G_USEC_PER_SEC;
	gboolean waits = FALSE;
	gboolean assigned, coming;

	for (;;) {
		gint64 until = core_now() + core->times.start + SLACK;
		g_autoptr(GError) why = NULL;

		assigned = assignment_assign(core, who, card, until, out_id, &coming, &why);
		if (!assigned && coming && g_get_monotonic_time() < deadline &&
		    !maintainer_stopping(core->maintainer) && (waits || begin_to_wait())) {
			waits = TRUE;
			g_usleep(LOOK_MS * 1000);
			continue;
		}
		if (!assigned)
			g_propagate_error(error, g_steal_pointer(&why));
		break;
	}
	if (waits)
		g_atomic_int_add(&waiting, -1);
	return assigned;
}

/* Who is banned, or entitled no more. One may have been so before they came here, at a lobby; or
 * have become so since, while their desktop started. */
static gboolean may_still(Core *core, const Who *who, const char *id, GError **error)
{
	g_autoptr(StoreDesktop) row = NULL;
	g_autoptr(PoolView) pool = NULL;

	if (!limit_admits(core->limit, "", who->user, limit_now(), error))
		return FALSE;
	row = store_desktop(core->db, id, error);
	pool = row ? entitlement_pool(core, who, row->pool, error) : NULL;
	return pool != NULL;
}

/* Assigned and started; see ticket_prepare(). */
static gboolean prepare(Core *core, const Who *who, const char *card, const char *protocol,
			char **out_id, GError **error)
{
	const char *via = g_str_equal(protocol, "spice") ? "spice" : "vnc";
	g_autofree char *id = NULL;

	if (!g_strv_contains((const char *const[]){"web", "vnc", "spice", NULL}, protocol)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "'%s' is none of web, vnc, spice",
			    protocol);
		return FALSE;
	}
	if (!limit_admits(core->limit, "", who->user, limit_now(), error) ||
	    !assign(core, who, card, &id, error))
		return FALSE;
	if (!check_display(core, id, via, error) || !desktop_start(core, id, via, error) ||
	    !may_still(core, who, id, error)) {
		/* Nobody was in: it goes back as soon as may be. */
		store_desktop_expire(core->db, id, core_now(), NULL);
		maintainer_wake(core->maintainer);
		return FALSE;
	}
	maintainer_wake(core->maintainer); /* perhaps a spare is missing now */
	*out_id = g_steal_pointer(&id);
	return TRUE;
}

gboolean ticket_prepare(Core *core, const Who *who, const char *card, const char *protocol,
			char **out_id, GError **error)
{
	gint64 began = g_get_monotonic_time();
	g_autoptr(GError) why = NULL;

	if (prepare(core, who, card, protocol, out_id, &why)) {
		metrics_count(METRIC_CONNECT, "ok", NULL, NULL);
		metrics_time(METRIC_CONNECT_SECONDS, (double)(g_get_monotonic_time() - began) / 1e6,
			     NULL);
		return TRUE;
	}
	metrics_count(METRIC_CONNECT, fault_info(fault_code(why))->name, NULL, NULL);
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

static gboolean within_ration(Core *core, const Ticket *ticket, const char *user, GError **error)
{
	gint64 given;

	if (!store_ticket_count(core->db, user, ticket->desktop_id, ticket->expires_at - LATELY,
				&given, error))
		return FALSE;
	if (given < RATION)
		return TRUE;
	g_set_error(error, FAULT, FAULT_BUSY, "%s had %u tickets for %s in %u s", user, RATION,
		    ticket->desktop_name, LATELY);
	return FALSE;
}

/* The ticket, the hold that goes with it and the record of it, or none of them. */
static gboolean record(Core *core, const Who *who, const Ticket *ticket, const char *protocol,
		       const char *peer, GError **error)
{
	g_autofree char *hash = secret_hash(ticket->ticket);
	g_auto(DbTransaction) tx = db_begin(core->db, error);

	return tx.db && within_ration(core, ticket, who->user, error) &&
	       store_desktop_hold(core->db, ticket->desktop_id, who->user, ticket->expires_at + 1,
				  error) &&
	       store_ticket_add(core->db, hash, who->user, ticket->desktop_id, protocol,
				ticket->expires_at, error) &&
	       audit_add(core,
			 &(AuditEntry){.event = "ticket",
				       .user = who->user,
				       .peer = peer,
				       .desktop = ticket->desktop_id,
				       .detail = protocol},
			 error) &&
	       db_commit(&tx, error);
}

Ticket *core_connect(Core *core, const Who *who, const char *desktop_id, const char *protocol,
		     const char *peer, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr(StoreDesktop) row = NULL;
	g_autoptr(Ticket) ticket = NULL;

	if (!ticket_prepare(core, who, desktop_id, protocol, &id, error))
		return NULL;
	row = store_desktop(core->db, id, error);
	if (!row)
		return NULL;
	ticket = g_new0(Ticket, 1);
	ticket->ticket = secret_generate();
	ticket->expires_at = core_now() + core->options->ticket_seconds;
	ticket->desktop_id = g_steal_pointer(&id);
	ticket->desktop_name = g_strdup(row->name);
	if (!record(core, who, ticket, protocol, peer, error))
		return NULL;
	maintainer_wake(core->maintainer); /* the hold ends sooner than it thought */
	return g_steal_pointer(&ticket);
}
