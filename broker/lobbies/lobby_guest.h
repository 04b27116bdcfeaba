/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby_guest: somebody whose lease has ended, and who may come to a lobby, or back to one, for it:
 * remembered for a moment by the lease's name. Private to lobbies*.c, under whose lock the table
 * is.
 */
#pragma once

#include "lobbies/lobby.h"

typedef struct {
	gconstpointer connection; /* of the gateway that may bring them */
	char *protocol;
	char *user; /* NULL: to be signed in again */
	char **groups;
	gint64 since; /* when they signed in */
	char *text, *hint;
	gboolean reborn; /* as in LobbyStart */
	gboolean barred; /* that one died, too: known for their bond alone */
	Bond bond;
	gint64 until; /* monotonic */
} LobbyGuest;

void lobby_guest_free(LobbyGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LobbyGuest, lobby_guest_free)

/* The person of a lease that ends, for this reason; of a lobby that died under them. */
LobbyGuest *lobby_guest_after(const Core *core, const Lease *lease, Fault code, const char *reason);
LobbyGuest *lobby_guest_of(const Lobby *lobby);

/* Whether this gateway may bring them now. */
gboolean lobby_guest_may_return(const LobbyGuest *guest, const char *protocol, const Asker *asker);
/* What their lobby begins with, added to *start. Takes the guest. */
void lobby_guest_start(LobbyGuest *guest, const Core *core, LobbyStart *start);

/* lease -> LobbyGuest. */
GHashTable *lobby_guests_new(void);
/* Takes the guest. Forgets whose time is over. */
void lobby_guests_add(GHashTable *guests, const char *lease, LobbyGuest *guest);
