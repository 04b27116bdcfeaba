/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake-person: the person in a lobby that draws nothing (fake-lobby.c): what such a one is told and
 * says goes over the client's connection as it is. What cannot be aborts.
 */
#pragma once

#include "lobby/lobby_wire.h"

/* The next message, progress passed over unless it is that, which must be of this type. The
 * caller's. */
void person_hear(int client, LobbyType type, LobbyMessage *out);
/* The same, if all that counts is that it was said. */
void person_expect(int client, LobbyType type);
void person_say(int client, const LobbyMessage *message);
