/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobbies_inside: what lobbies.c and lobbies_return.c share. Private to them. */
#pragma once

#include "lobbies/lobbies.h"
#include "lobbies/lobby.h"
#include "lobbies/lobby_guest.h"

struct Lobbies {
	GMutex lock;
	GCond fewer;
	GHashTable *live; /* id -> Lobby, borrowed from its thread */
	GHashTable *gone; /* lease -> LobbyGuest */
	unsigned threads;
	gboolean stopping;
};

/* Under the lock: it has nothing to do any more. */
void lobbies_dismiss(Lobby *lobby);
