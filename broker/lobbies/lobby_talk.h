/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby_talk: the conversation in a lobby: what becomes of what the person does. On the lobby's
 * thread (lobby.c); whatever is to end it sets lobby->over.
 */
#pragma once

#include "lobbies/lobby.h"

/* The screen that it begins with, once it has its client. ending: the words of one that warns of a
 * session's end, else NULL. */
void lobby_talk_begin(Lobby *lobby, const char *ending);

/* What the person did. */
void lobby_talk_heed(Lobby *lobby, const LobbyMessage *message);

/* How long there is nothing to be done unless somebody says something; and what there is then. */
int lobby_talk_wait_ms(const Lobby *lobby);
void lobby_talk_tick(Lobby *lobby);
