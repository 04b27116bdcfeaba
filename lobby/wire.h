/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
^ * wire: this lobby's end of the wire to the broker (protocol/lobby/lobby_wire.h), on the main
loop.
 */
#pragma once

#include "lobby/lobby_wire.h"

typedef struct Wire Wire;

typedef struct {
	/* fd: of `channel`, the owner's from now on; -1 with all others. The texts may
	 * be stolen. */
	void (*message)(gpointer owner, LobbyMessage *message, int fd);
	/* The broker has gone (error NULL) or spoke wrongly. Last event; wire_free() from a later
	 * turn of the loop. */
	void (*closed)(gpointer owner, const GError *error);
} WireEvents;

/* Takes fd, which is a SOCK_SEQPACKET socket. */
Wire *wire_new(int fd, const WireEvents *events, gpointer owner);

/* Without waiting: a broker that does not read is one that has gone. FALSE: FAULT_BROKER. */
gboolean wire_send(Wire *wire, const LobbyMessage *message, GError **error);

void wire_free(Wire *wire);
