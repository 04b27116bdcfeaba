/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_warning: see lobby_warning.h. */
#include "lobbies/lobby_warning.h"

#include "autofd.h"
#include "fault.h"
#include "gateways/gateway_link.h"
#include "lobbies/lobby.h"
#include "log.h"
#include "people/entitlement.h"
#include "sessions/move.h"
#include "sessions/sessions.h"
#include "upkeep/maintainer.h"

/* ---- to the lobby */

static gboolean can_be_shown(Core *core, const Lease *lease)
{
	return lease->started && lease->connection && !lease->aside &&
	       lobbies_serve(core, lease->protocol) && session_can_swap(core, lease->protocol);
}

/* FALSE: nobody is to be warned, or was. */
static gboolean take_warned(Core *core, const char *id, const PlanEnd *end, LeaseViewer *out)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->sessions->lock);
	Lease *lease = g_hash_table_lookup(core->sessions->by_id, id);

	if (!lease || lease->warned_of == end->ends_at || !can_be_shown(core, lease))
		return FALSE;
	lease->warned_of = end->ends_at;
	if (end->warn_at < lease->taken_at) /* by the broker before */
		return FALSE;
	lease_viewer(lease, out);
	return TRUE;
}

/* The lease is at this lobby from here on. FALSE: it has ended. */
static gboolean set_aside(Core *core, const char *id, const char *lobby)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->sessions->lock);
	Lease *lease = g_hash_table_lookup(core->sessions->by_id, id);

	if (!lease)
		return FALSE;
	g_free(lease->aside);
	lease->aside = g_strdup(lobby);
	lease->left = FALSE;
	return TRUE;
}

/* It is at its desktop again, or will be. FALSE: it has ended. */
static gboolean call_back(Core *core, const char *id)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->sessions->lock);
	Lease *lease = g_hash_table_lookup(core->sessions->by_id, id);

	if (!lease)
		return FALSE;
	g_free(lease->called_back);
	lease->called_back = g_steal_pointer(&lease->aside);
	lease->left = FALSE;
	return TRUE;
}

static char *words(const LeaseViewer *w, const PlanEnd *end)
{
	if (g_str_equal(end->why, "idle"))
		return g_strdup_printf("Nobody has used %s for a while.", w->desktop_name);
	return g_strdup_printf("The longest time for a session on %s is nearly over.",
			       w->desktop_name);
}

static gboolean open_lobby(Core *core, const char *lease, const LeaseViewer *w, const PlanEnd *end,
			   Grant *out, int *out_fd, GError **error)
{
	ControlMessage request = {.protocol = w->protocol, .peer = w->peer};
	g_auto(LobbyStart) start = {.protocol = w->protocol,
				    .peer = w->peer,
				    .asker = {w->connection, w->gateway, w->groups, NULL, w->since},
				    .text = words(w, end)};

	start.ending = (LobbyEnding){g_strdup(lease), g_strdup(w->user), end->ends_at,
				     end->extendable, g_str_equal(end->why, "idle")};
	bond_copy(&start.bond, &w->bond);
	if (w->groups) {
		start.who = g_new0(Who, 1);
		start.who->user = g_strdup(w->user);
		start.who->groups = g_strdupv(w->groups);
		start.who->since = w->since;
		start.who->admin = entitlement_admin(core->options, w->user, w->groups);
	}
	return lobbies_open(core, &request, &start, out, out_fd, error);
}

/* A channel that comes meanwhile belongs to the lobby. */
static gboolean bring(Core *core, const char *lease, const LeaseViewer *w, const Grant *grant,
		      int fd)
{
	ControlMessage message = {.type = CONTROL_MOVE,
				  .lease = (char *)lease,
				  .to = grant->lease,
				  .user = grant->user,
				  .endpoint = {.protocol = w->protocol, .has_fd = TRUE}};

	return set_aside(core, lease, grant->lease) &&
	       (!w->bond.client_id || store_lease_set_backend(core->db, lease, 0, NULL)) &&
	       gateway_link_send(core->link, w->connection, &message, fd);
}

void lobby_warning_show(Core *core, const char *lease, const PlanEnd *end)
{
	LogContext context = {.session = lease, .step = "warn"};
	g_autoptr(GError) error = NULL;
	g_auto(LeaseViewer) w = {0};
	g_auto(Grant) grant = {0};
	autofd int fd = -1;

	if (!core->options->native_warning || !take_warned(core, lease, end, &w))
		return;
	context.user = w.user;
	context.desktop = w.desktop_name;
	if (!open_lobby(core, lease, &w, end, &grant, &fd, &error)) {
		log_warning(&context, "its person is not warned of its end: %s", error->message);
		return;
	}
	if (bring(core, lease, &w, &grant, fd)) {
		log_info(&context, "its person is warned of its end");
		return;
	}
	log_warning(&context, "its person is not warned of its end: the gateway is gone");
	call_back(core, lease);
	lobbies_ended(core, grant.lease, FAULT_ENDED);
}

/* ---- and back */

gboolean lobby_warning_return(Lobby *lobby, gboolean extend, GError **error)
{
	const LobbyEnding *ending = &lobby->ending;
	Who who = {.user = ending->user};
	g_autoptr(SessionView) view = NULL;
	g_autoptr(GError) why = NULL;
	g_auto(Grant) grant = {0};

	/* Who comes back is not idle. */
	if (extend || ending->idle) {
		view = core_session_extend(lobby->core, &who, ending->lease, error);
		if (!view)
			return FALSE;
	}
	if (!session_find(lobby->core, ending->lease, &grant, error))
		return FALSE;
	call_back(lobby->core, ending->lease);
	if (move_send(lobby->core, lobby->asker.connection, lobby->id, &grant, &why))
		return TRUE;
	session_end(lobby->core, ending->lease, fault_code(why), why->message);
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

void lobby_warning_stop(Lobby *lobby)
{
	const LobbyEnding *ending = &lobby->ending;
	LogContext context = {.session = ending->lease, .user = ending->user, .step = "warn"};
	g_autoptr(GError) error = NULL;
	g_auto(Grant) grant = {0};

	if (g_str_equal(lobby->protocol, "spice"))
		return;
	if (session_find(lobby->core, ending->lease, &grant, &error) &&
	    call_back(lobby->core, ending->lease) &&
	    move_send(lobby->core, lobby->asker.connection, lobby->id, &grant, &error))
		return;
	if (error)
		log_info(&context, "its person is not brought back: %s", error->message);
}

void lobby_warning_over(Lobby *lobby)
{
	Core *core = lobby->core;
	Lease *lease;

	g_mutex_lock(&core->sessions->lock);
	lease = g_hash_table_lookup(core->sessions->by_id, lobby->ending.lease);
	if (lease && g_strcmp0(lease->aside, lobby->id) == 0) {
		if (lease->left)
			lease->confirm_by = g_get_monotonic_time() +
					    core->times.adopt * G_USEC_PER_SEC;
		else
			g_clear_pointer(&lease->aside, g_free);
	}
	g_mutex_unlock(&core->sessions->lock);
	maintainer_wake(core->maintainer);
}

/* Under the lock. */
static Lease *aside_at(Sessions *s, const char *lobby)
{
	GHashTableIter iter;
	gpointer lease;

	g_hash_table_iter_init(&iter, s->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &lease)) {
		if (g_strcmp0(((Lease *)lease)->aside, lobby) == 0)
			return lease;
	}
	return NULL;
}

void lobby_warning_ended(Core *core, const char *lobby, Fault fault)
{
	Sessions *s = core->sessions;
	g_autofree char *ends = NULL;
	Lease *lease;

	if (fault == FAULT_DESKTOP)
		return;
	g_mutex_lock(&s->lock);
	lease = aside_at(s, lobby);
	if (lease) {
		g_clear_pointer(&lease->aside, g_free);
		ends = lease->left ? g_strdup(lease->id) : NULL;
	}
	g_mutex_unlock(&s->lock);
	if (ends)
		session_end(core, ends, FAULT_ENDED, "the client left");
}
