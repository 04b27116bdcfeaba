/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby_errand: from a choice in a lobby to the client's move: a desktop is assigned and started, a
 * lease is opened, and the gateway is told. On a thread of its own.
 */
#pragma once

#include "sessions/session.h"

typedef struct Lobby Lobby;
typedef struct LobbyErrand LobbyErrand;

/* For who is signed in there. Writes to the lobby's `wake` when it is done, which must outlive it;
 * copies the rest. */
LobbyErrand *lobby_errand_new(const Lobby *lobby, const char *card);
/* Not wanted any more: it goes no further than the step that it is in. */
void lobby_errand_cancel(LobbyErrand *errand);
gboolean lobby_errand_done(LobbyErrand *errand);
/* After it is done: TRUE, the client moves; else why not. */
gboolean lobby_errand_result(LobbyErrand *errand, GError **error);
/* Waits for its end. */
void lobby_errand_free(LobbyErrand *errand);
