/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobbies_return: who may come to a lobby after a session, or back to one. See lobbies.h. */
#include <sys/eventfd.h>

#include "fault.h"
#include "lobbies/lobbies_inside.h"
#include "store_session.h"

/* Under the lock; takes the guest, who is there already. */
static void tell_end(Lobbies *lobbies, const char *id, LobbyGuest *guest)
{
	Lobby *lobby = g_hash_table_lookup(lobbies->live, id);

	if (lobby && !lobby->ended) {
		lobby->ended = TRUE;
		lobby->still_known = guest->user != NULL;
		lobby->end_text = g_steal_pointer(&guest->text);
		lobby->end_hint = g_steal_pointer(&guest->hint);
		eventfd_write(lobby->wake, 1);
	}
	lobby_guest_free(guest);
}

void lobbies_note_end(Core *core, const Lease *lease, Fault code, const char *reason)
{
	Lobbies *lobbies = core->lobbies;
	LobbyGuest *guest;

	if ((!core->options->native_return && !lease->aside) || !lease->connection ||
	    !lobbies_serve(core, lease->protocol) || !session_can_swap(core, lease->protocol))
		return;
	guest = lobby_guest_after(core, lease, code, reason);
	g_mutex_lock(&lobbies->lock);
	if (lease->aside)
		tell_end(lobbies, lease->aside, guest);
	else
		lobby_guests_add(lobbies->gone, lease->id, guest);
	g_mutex_unlock(&lobbies->lock);
}

/* The guest of that lease, whom nobody brings a second time. Those of other gateways stay. */
static LobbyGuest *take_guest(Lobbies *lobbies, const char *lease, const char *protocol,
			      const Asker *asker)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lobbies->lock);
	Lobby *lobby = g_hash_table_lookup(lobbies->live, lease);
	g_autofree char *key = NULL;
	gpointer guest;

	/* Its gateway saw the end before we did. */
	if (lobby && !lobby->left && lobby->asker.connection == asker->connection &&
	    g_str_equal(lobby->protocol, protocol)) {
		guest = lobby->reborn ? NULL : lobby_guest_of(lobby);
		lobbies_dismiss(lobby);
		return guest;
	}
	guest = g_hash_table_lookup(lobbies->gone, lease);
	if (!guest || !lobby_guest_may_return(guest, protocol, asker))
		return NULL;
	g_hash_table_steal_extended(lobbies->gone, lease, (gpointer *)&key, &guest);
	return guest;
}

/* Under the lock. NULL: nobody knows of such a lobby. */
static const Bond *bond_of(Lobbies *lobbies, const char *lease)
{
	const Lobby *lobby = g_hash_table_lookup(lobbies->live, lease);
	const LobbyGuest *guest = g_hash_table_lookup(lobbies->gone, lease);

	return lobby ? &lobby->bond : guest ? &guest->bond : NULL;
}

gboolean lobbies_know(Core *core, const char *lease)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&core->lobbies->lock);

	return bond_of(core->lobbies, lease) != NULL;
}

gboolean lobbies_prove(Core *core, const ControlMessage *request)
{
	g_autoptr(GMutexLocker) locker = NULL;
	g_autofree char *proof = NULL;
	const Bond *bond;
	guint32 client_id;

	if (!lobbies_lease(request->lease))
		return store_session_bond(core->db, request->lease, &client_id, &proof) &&
		       bond_told(client_id, proof, request);
	locker = g_mutex_locker_new(&core->lobbies->lock);
	bond = bond_of(core->lobbies, request->lease);
	return bond && bond_told(bond->client_id, bond->proof, request);
}

gboolean lobbies_admit(Core *core, const ControlMessage *request, const Asker *asker,
		       LobbyStart *out, GError **error)
{
	g_autoptr(LobbyGuest) guest = NULL;

	*out = (LobbyStart){.protocol = request->protocol, .peer = request->peer, .asker = *asker};
	if (!request->lease) {
		if (lobbies_open_to_strangers(core, request->protocol))
			return TRUE;
		g_set_error(error, FAULT, FAULT_DENIED, "there is no lobby for strangers");
		return FALSE;
	}
	guest = take_guest(core->lobbies, request->lease, request->protocol, asker);
	if (!guest) {
		g_set_error(error, FAULT, FAULT_ENDED, "nobody is to come back from %s",
			    request->lease);
		return FALSE;
	}
	lobby_guest_start(g_steal_pointer(&guest), core, out);
	return TRUE;
}
