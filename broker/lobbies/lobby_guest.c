/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_guest: see lobby_guest.h. */
#include "lobbies/lobby_guest.h"

#include <string.h>

#include "people/entitlement.h"

#define BACK_SECONDS 30 /* from a session's end to its gateway's question */

void lobby_guest_free(LobbyGuest *guest)
{
	if (!guest)
		return;
	g_free(guest->protocol);
	g_free(guest->user);
	g_strfreev(guest->groups);
	g_free(guest->text);
	g_free(guest->hint);
	bond_clear(&guest->bond);
	g_free(guest);
}

/* Who signed in is still believed: for as long as on the web page, where a session is one use. */
static gboolean still_signed_in(const Core *core, const Lease *lease)
{
	gint64 now = core_now();

	return lease->groups && core_login_ends(core->options, lease->since, lease->began_at) > now;
}

/* The log's words for the end of a session, as people read them. */
static char *sentence(const char *words)
{
	if (!words || !*words)
		return NULL;
	return g_strdup_printf("%c%s%s", g_ascii_toupper(*words), words + 1,
			       g_str_has_suffix(words, ".") ? "" : ".");
}

LobbyGuest *lobby_guest_after(const Core *core, const Lease *lease, Fault code, const char *reason)
{
	LobbyGuest *guest = g_new0(LobbyGuest, 1);

	guest->connection = lease->connection;
	guest->protocol = g_strdup(lease->protocol);
	if (still_signed_in(core, lease)) {
		guest->user = g_strdup(lease->user);
		guest->groups = g_strdupv(lease->groups);
		guest->since = lease->since;
	}
	guest->text = g_strdup_printf("Your session on %s has ended.", lease->desktop_name);
	guest->hint = sentence(code == FAULT_ENDED ? reason : fault_info(code)->words);
	if (g_str_equal(lease->protocol, "spice"))
		bond_copy(&guest->bond, &lease->bond);
	return guest;
}

LobbyGuest *lobby_guest_of(const Lobby *lobby)
{
	LobbyGuest *guest = g_new0(LobbyGuest, 1);

	guest->connection = lobby->asker.connection;
	guest->protocol = g_strdup(lobby->protocol);
	guest->user = g_strdup(lobby->user);
	guest->groups = g_strdupv(lobby->groups);
	guest->since = lobby->since;
	guest->text = g_strdup("This screen had to start anew.");
	bond_copy(&guest->bond, &lobby->bond);
	guest->reborn = TRUE;
	guest->barred = lobby->reborn;
	guest->until = G_MAXINT64;
	return guest;
}

gboolean lobby_guest_may_return(const LobbyGuest *guest, const char *protocol, const Asker *asker)
{
	return !guest->barred && guest->connection == asker->connection &&
	       g_str_equal(guest->protocol, protocol) && guest->until > g_get_monotonic_time();
}

void lobby_guest_start(LobbyGuest *taken, const Core *core, LobbyStart *start)
{
	g_autoptr(LobbyGuest) guest = taken;

	start->text = g_steal_pointer(&guest->text);
	start->hint = g_steal_pointer(&guest->hint);
	start->again = TRUE;
	start->reborn = guest->reborn;
	start->bond = guest->bond;
	memset(&guest->bond, 0, sizeof guest->bond);
	if (guest->user) {
		start->who = g_new0(Who, 1);
		start->who->user = g_steal_pointer(&guest->user);
		start->who->groups = g_steal_pointer(&guest->groups);
		start->who->since = guest->since;
		start->who->admin =
			entitlement_admin(core->options, start->who->user, start->who->groups);
	}
}

/* ---- all of them */

static void free_value(gpointer guest)
{
	lobby_guest_free(guest);
}

GHashTable *lobby_guests_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
}

void lobby_guests_add(GHashTable *guests, const char *lease, LobbyGuest *guest)
{
	gint64 now = g_get_monotonic_time();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, guests);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (((LobbyGuest *)value)->until <= now)
			g_hash_table_iter_remove(&iter);
	}
	guest->until = now + BACK_SECONDS * G_USEC_PER_SEC;
	g_hash_table_insert(guests, g_strdup(lease), guest);
}
