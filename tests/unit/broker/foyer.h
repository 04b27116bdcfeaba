/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * foyer: a real core with lobbies that draw nothing (fake-lobby.c), a gateway that asks for them,
 * and one person in one of them. What cannot be aborts.
 */
#pragma once

#include "fake-lease.h"
#include "fake-person.h"

typedef struct {
	CoreFixture f;
	Gateway g;
	int client;  /* the gateway's end of the lobby's display; -1 = none */
	char *lease; /* the lobby's */
} Foyer;

/* A pool "lab" of two desktops; VNC viewers get a lobby. */
void foyer_setup(Foyer *x, gconstpointer unused);
/* Nothing may be left of a lobby, not even a process to be waited for. */
void foyer_teardown(Foyer *x, gconstpointer unused);

/* STARTED or ENDED of that lease. */
void foyer_note(Foyer *x, ControlType type, const char *lease);
/* The gateway is told to move the lobby's client to that desktop; it does. The new lease; g_free()
 * it. */
char *foyer_moved(Foyer *x, const char *desktop);
/* The broker ends the session: the gateway is told, and tells its own end of it. */
void foyer_end_session(Foyer *x, const char *lease);
/* The one lobby there is ends, by force. */
void foyer_kill(void);

/* fake-person.h's, at that lobby. */
void foyer_hear(Foyer *x, LobbyType type, LobbyMessage *out);
void foyer_expect(Foyer *x, LobbyType type);
void foyer_say(Foyer *x, const LobbyMessage *message);
