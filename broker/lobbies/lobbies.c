/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobbies: see lobbies.h. */
#include "lobbies/lobbies_inside.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "autofd.h"
#include "fault.h"
#include "provider/dial_pair.h"

#define PER_USER_MAX 8
#define DISPLAYS_MAX 16 /* connections of one client that its lobby has not got yet */

Lobbies *lobbies_new(Core *core)
{
	Lobbies *lobbies = g_new0(Lobbies, 1);

	g_mutex_init(&lobbies->lock);
	g_cond_init(&lobbies->fewer);
	lobbies->live = g_hash_table_new(g_str_hash, g_str_equal);
	lobbies->gone = lobby_guests_new();
	return lobbies;
}

void lobbies_dismiss(Lobby *lobby)
{
	lobby->left = TRUE;
	eventfd_write(lobby->wake, 1);
}

void lobbies_stop(Lobbies *lobbies)
{
	GHashTableIter iter;
	gpointer lobby;

	if (!lobbies)
		return;
	g_mutex_lock(&lobbies->lock);
	lobbies->stopping = TRUE;
	g_hash_table_iter_init(&iter, lobbies->live);
	while (g_hash_table_iter_next(&iter, NULL, &lobby))
		lobbies_dismiss(lobby);
	while (lobbies->threads > 0)
		g_cond_wait(&lobbies->fewer, &lobbies->lock);
	g_mutex_unlock(&lobbies->lock);
}

void lobbies_free(Lobbies *lobbies)
{
	if (!lobbies)
		return;
	g_hash_table_destroy(lobbies->live);
	g_hash_table_destroy(lobbies->gone);
	g_mutex_clear(&lobbies->lock);
	g_cond_clear(&lobbies->fewer);
	g_free(lobbies);
}

gboolean lobbies_serve(Core *core, const char *protocol)
{
	const char *program = core->options->lobby;

	return (g_str_equal(protocol, "vnc") || g_str_equal(protocol, "spice")) &&
	       *program != '\0' && access(program, X_OK) == 0;
}

gboolean lobbies_open_to_strangers(Core *core, const char *protocol)
{
	const Options *o = core->options;

	return (g_str_equal(protocol, "vnc") ? o->vnc_lobby : o->spice_lobby && o->spice_swap) &&
	       lobbies_serve(core, protocol);
}

/* ---- who may have one */

/* Under the lock: lobbies of this person or, with user NULL, those where nobody is signed in. */
static unsigned count(Lobbies *lobbies, const char *user, const char *place)
{
	GHashTableIter iter;
	gpointer value;
	unsigned n = 0;

	g_hash_table_iter_init(&iter, lobbies->live);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Lobby *lobby = value;

		n += g_strcmp0(lobby->user, user) == 0 &&
		     (!place || g_str_equal(lobby->place, place));
	}
	return n;
}

/* Under the lock. Strangers keep nobody out who has proven to be somebody. */
static gboolean has_room(Lobbies *lobbies, const Lobby *lobby, GError **error)
{
	const Options *o = lobby->core->options;
	const char *full = NULL;

	if (lobbies->stopping)
		full = "the broker is stopping";
	else if (lobby->user && count(lobbies, lobby->user, NULL) >= PER_USER_MAX)
		full = "too many lobbies of one person";
	else if (!lobby->user && count(lobbies, NULL, NULL) >= (unsigned)o->max_lobbies)
		full = "max_lobbies is reached";
	else if (!lobby->user &&
		 count(lobbies, NULL, lobby->place) >= (unsigned)o->max_lobbies_per_address)
		full = "max_lobbies_per_address is reached";
	if (full)
		g_set_error(error, FAULT, FAULT_BUSY, "%s", full);
	return full == NULL;
}

/* A connection of its client, whose other end goes to the lobby. Under the lock, or before it is in
 * the table. */
static gboolean add_display(Lobby *lobby, int *out_fd, GError **error)
{
	int pair[2];

	if (lobby->displays->len >= DISPLAYS_MAX) {
		g_set_error(error, FAULT, FAULT_BUSY, "too many channels wait for their lobby");
		return FALSE;
	}
	if (lobby->wake < 0) {
		fault_set_errno(error, FAULT_BUSY, "a lobby's sockets");
		return FALSE;
	}
	if (!dial_pair(lobby->protocol, pair, error))
		return FALSE;
	g_array_append_val(lobby->displays, pair[1]);
	eventfd_write(lobby->wake, 1);
	*out_fd = pair[0];
	return TRUE;
}

/* Under the lock. */
static void grant_lobby(const Lobby *lobby, Grant *out)
{
	*out = (Grant){.lease = g_strdup(lobby->id),
		       .user = g_strdup(lobby->user),
		       .client_id = lobby->bond.client_id,
		       .backend_id = lobby->backend_id,
		       .bond = bond_word(lobby->bond.client_id, lobby->bond.proof)};
}

/* A viewer that is new here is told an id. */
static gboolean make_bond(Core *core, const ControlMessage *request, Bond *bond, GError **error)
{
	if (!g_str_equal(request->protocol, "spice") || bond->client_id != 0)
		return TRUE;
	bond_make(bond, request);
	return session_fresh_client_id(core, &bond->client_id, error);
}

gboolean lobbies_open(Core *core, const ControlMessage *request, LobbyStart *start, Grant *out,
		      int *out_fd, GError **error)
{
	Lobbies *lobbies = core->lobbies;
	Lobby *lobby = lobby_new(core, start);
	autofd int fd = -1;
	gboolean room;

	if (!make_bond(core, request, &lobby->bond, error) || !add_display(lobby, &fd, error)) {
		lobby_free(lobby);
		return FALSE;
	}
	g_mutex_lock(&lobbies->lock);
	room = has_room(lobbies, lobby, error);
	if (room) {
		g_hash_table_insert(lobbies->live, lobby->id, lobby);
		lobbies->threads++;
		grant_lobby(lobby, out);
		*out_fd = autofd_steal(&fd);
		lobby_begin(g_steal_pointer(&lobby));
	}
	g_mutex_unlock(&lobbies->lock);
	lobby_free(lobby);
	return room;
}

/* ---- SPICE channels */

static Lobby *of_client(Lobbies *lobbies, guint32 client_id)
{
	GHashTableIter iter;
	gpointer lobby;

	g_hash_table_iter_init(&iter, lobbies->live);
	while (g_hash_table_iter_next(&iter, NULL, &lobby)) {
		if (((Lobby *)lobby)->bond.client_id == client_id && !((Lobby *)lobby)->left)
			return lobby;
	}
	return NULL;
}

gboolean lobbies_join(Core *core, const ControlMessage *request, Grant *out)
{
	Lobbies *lobbies = core->lobbies;
	g_auto(Grant) grant = {0};
	g_auto(Bond) bond = {0};
	Lobby *lobby;

	g_mutex_lock(&lobbies->lock);
	lobby = request->client_id ? of_client(lobbies, request->client_id) : NULL;
	if (lobby) {
		grant_lobby(lobby, &grant);
		bond_copy(&bond, &lobby->bond);
	}
	g_mutex_unlock(&lobbies->lock);
	if (!lobby || !bond_matches(&bond, request))
		return FALSE;
	*out = grant;
	memset(&grant, 0, sizeof grant);
	return TRUE;
}

gboolean lobbies_dial(Core *core, const char *lease, Grant *out, int *out_fd, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->lobbies->lock);
	Lobby *lobby = g_hash_table_lookup(core->lobbies->live, lease);

	if (!lobby || lobby->left || lobby->bond.client_id == 0) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "there is no such lobby '%s'", lease);
		return FALSE;
	}
	if (!add_display(lobby, out_fd, error))
		return FALSE;
	grant_lobby(lobby, out);
	return TRUE;
}

gboolean lobbies_linked(Core *core, const char *lease, guint32 backend_id, Grant *out)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->lobbies->lock);
	Lobby *lobby = g_hash_table_lookup(core->lobbies->live, lease);

	if (!lobby)
		return FALSE;
	lobby->backend_id = backend_id;
	if (lobby->carried)
		grant_lobby(lobby, out);
	lobby->carried = TRUE;
	return TRUE;
}

/* ---- notices */

gboolean lobbies_lease(const char *lease)
{
	return g_str_has_prefix(lease, LOBBY_PREFIX);
}

gboolean lobbies_started(Core *core, const char *lease, const Asker *asker)
{
	g_autoptr(GMutexLocker) locker = NULL;
	Lobby *lobby;

	if (!lobbies_lease(lease))
		return FALSE;
	locker = g_mutex_locker_new(&core->lobbies->lock);
	lobby = g_hash_table_lookup(core->lobbies->live, lease);
	if (lobby)
		lobby->asker.connection = asker->connection;
	return TRUE;
}

gboolean lobbies_ended(Core *core, const char *lease, Fault fault)
{
	g_autoptr(GMutexLocker) locker = NULL;
	Lobby *lobby;

	if (!lobbies_lease(lease))
		return FALSE;
	locker = g_mutex_locker_new(&core->lobbies->lock);
	lobby = g_hash_table_lookup(core->lobbies->live, lease);
	if (lobby && fault == FAULT_DESKTOP && !lobby->left)
		lobby_guests_add(core->lobbies->gone, lease, lobby_guest_of(lobby));
	if (lobby)
		lobbies_dismiss(lobby);
	return TRUE;
}

/* ---- for a lobby's thread */

void lobbies_sign(Lobby *lobby, const Who *who)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lobby->core->lobbies->lock);

	g_free(lobby->user);
	g_strfreev(lobby->groups);
	lobby->user = who ? g_strdup(who->user) : NULL;
	lobby->groups = who ? g_strdupv(who->groups) : NULL;
	lobby->since = who ? who->since : 0;
}

gboolean lobbies_left(Lobby *lobby)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lobby->core->lobbies->lock);

	return lobby->left;
}

gboolean lobbies_stopping(Lobbies *lobbies)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lobbies->lock);

	return lobbies->stopping;
}

gboolean lobbies_take_end(Lobby *lobby)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lobby->core->lobbies->lock);

	if (!lobby->ended)
		return FALSE;
	lobby->ended = FALSE;
	g_free(lobby->text);
	g_free(lobby->hint);
	lobby->text = g_steal_pointer(&lobby->end_text);
	lobby->hint = g_steal_pointer(&lobby->end_hint);
	return TRUE;
}

int lobbies_take_display(Lobby *lobby)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lobby->core->lobbies->lock);
	int fd = -1;

	if (lobby->displays->len > 0) {
		fd = g_array_index(lobby->displays, int, 0);
		g_array_remove_index(lobby->displays, 0);
	}
	return fd;
}

void lobbies_leave(Lobby *lobby, gboolean died)
{
	Lobbies *lobbies = lobby->core->lobbies;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lobbies->lock);

	if (g_hash_table_remove(lobbies->live, lobby->id) && died && !lobby->left)
		lobby_guests_add(lobbies->gone, lobby->id, lobby_guest_of(lobby));
}

void lobbies_thread_gone(Lobbies *lobbies)
{
	g_mutex_lock(&lobbies->lock);
	lobbies->threads--;
	g_cond_signal(&lobbies->fewer);
	g_mutex_unlock(&lobbies->lock);
}
