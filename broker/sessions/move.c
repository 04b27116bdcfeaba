/* SPDX-License-Identifier: GPL-3.0-or-later */
/* move: a live session goes on on another desktop. To the books it is one lease that ends and one
 * that begins; the person keeps connection and window. See core.h. */
#include <string.h>
#include <unistd.h>

#include "admin/audit.h"
#include "autofd.h"
#include "desktops/desktop.h"
#include "fault.h"
#include "gateways/gateway_link.h"
#include "people/entitlement.h"
#include "sessions/lease.h"
#include "sessions/move.h"
#include "sessions/sessions.h"
#include "sessions/ticket.h"
#include "store_login.h"

static gboolean find_moving(Core *core, const char *id, LeaseViewer *out, GError **error)
{
	const Lease *lease;

	g_mutex_lock(&core->sessions->lock);
	lease = g_hash_table_lookup(core->sessions->by_id, id);
	if (lease)
		lease_viewer(lease, out);
	g_mutex_unlock(&core->sessions->lock);
	if (!lease)
		g_set_error(error, FAULT, FAULT_NOT_FOUND,
			    "there is no live session '%s' at a gateway of this broker", id);
	else if (!out->connection)
		g_set_error(error, FAULT, FAULT_BUSY, "session %s has no picture yet", id);
	return lease && out->connection;
}

/* Those that they signed in with: who came by an OpenID provider has no others. */
static gboolean find_groups(Core *core, const LeaseViewer *m, char ***out, GError **error)
{
	if (m->groups)
		*out = g_strdupv(m->groups);
	else if (!store_login_groups(core->db, m->user, core_now(), out, error))
		return FALSE;
	if (!*out)
		*out = entitlement_groups(m->user);
	return TRUE;
}

/* A desktop of theirs on that card, started and held for them; g_free() it. */
static char *prepare(Core *core, const LeaseViewer *m, const char *wanted, GError **error)
{
	g_auto(GStrv) groups = NULL;
	gboolean found = find_groups(core, m, &groups, error);
	Who who = {.user = m->user, .groups = groups};
	g_autofree char *card = found ? ticket_card(core, &who, wanted, error) : NULL;
	g_autofree char *desktop = NULL;

	if (!card || !ticket_prepare(core, &who, card, m->protocol, &desktop, error))
		return NULL;
	if (g_str_equal(desktop, m->desktop)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "the session is on that desktop already");
		return NULL;
	}
	return g_steal_pointer(&desktop);
}

/* It opens the lease by itself, with what it brought to be where it is. */
static gboolean send_away(Core *core, gconstpointer connection, const char *id, const Grant *grant,
			  GError **error)
{
	const Options *o = core->options;
	ControlMessage message = {.type = CONTROL_MOVE,
				  .lease = (char *)id,
				  .to = grant->lease,
				  .again = TRUE,
				  .endpoint = {.protocol = (char *)"spice",
					       .host = o->public_host,
					       .port = (guint16)o->public_port,
					       .tls = TRUE}};

	if (*o->public_host == '\0') {
		g_set_error(error, FAULT, FAULT_CONFIG, "spice_swap = no needs public_host");
		return FALSE;
	}
	if (session_expect(core, grant->lease) &&
	    gateway_link_send(core->link, connection, &message, -1))
		return TRUE;
	g_set_error(error, FAULT, FAULT_NOT_FOUND,
		    "the session's gateway has gone, or its viewer could not be known again");
	return FALSE;
}

gboolean move_send(Core *core, gconstpointer connection, const char *id, const Grant *grant,
		   GError **error)
{
	g_auto(Endpoint) endpoint = {0};
	autofd int fd = -1;
	ControlMessage message = {.type = CONTROL_MOVE,
				  .lease = (char *)id,
				  .to = grant->lease,
				  .user = grant->user,
				  .desktop = grant->desktop_name};

	if (!session_can_swap(core, grant->via))
		return send_away(core, connection, id, grant, error);
	if (!desktop_dial(core, grant->lease, grant->desktop, grant->via, grant->password,
			  &endpoint, &fd, error))
		return FALSE;
	message.endpoint = endpoint; /* borrowed */
	if (gateway_link_send(core->link, connection, &message, fd))
		return TRUE;
	g_set_error(error, FAULT, FAULT_NOT_FOUND, "the session's gateway has gone");
	return FALSE;
}

gboolean core_session_move(Core *core, const char *admin, const char *id, const char *wanted,
			   GError **error)
{
	g_auto(LeaseViewer) m = {0};
	g_auto(Grant) grant = {0};
	g_autofree char *desktop = NULL;
	g_autoptr(GError) why = NULL;
	ControlMessage request = {0};
	Asker asker;

	if (!find_moving(core, id, &m, error))
		return FALSE;
	desktop = prepare(core, &m, wanted, error);
	request.protocol = m.protocol;
	request.peer = m.peer;
	asker = (Asker){m.connection, m.gateway, m.groups,
			g_str_equal(m.protocol, "spice") ? &m.bond : NULL, m.since};
	if (!desktop || !session_open(core, m.user, desktop, &request, &asker, &grant, error))
		return FALSE;
	if (!move_send(core, m.connection, id, &grant, &why)) {
		session_end(core, grant.lease, fault_code(why), why->message);
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	audit_admin(core, admin, grant.desktop, "session move %s to %s", id, grant.lease);
	return TRUE;
}
