/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_process: one oriel-lobby as a process (child.h): the program that draws what a person at a
 * native viewer sees before there is a desktop. */
#pragma once

#include "child.h"
#include "lobby/lobby_wire.h"

typedef Child LobbyProcess;

/* Starts `program`, with the face (a protocol's name) as its argument. FAULT_CONFIG, FAULT_BUG. */
gboolean lobby_process_start(LobbyProcess *process, const char *program, const char *face,
			     GError **error);

/* fd: passed on with the message, -1 = none; stays the caller's. FALSE: it does not listen any
 * more, or has not for seconds. */
gboolean lobby_process_send(LobbyProcess *process, const LobbyMessage *message, int fd);

/* The next packet, without waiting: 1; 0 = there is none; -1 = it has gone, or (error is set) spoke
 * wrongly. */
int lobby_process_receive(LobbyProcess *process, LobbyMessage *out, GError **error);

/* Hangs up and waits for its end; by force if it takes long. Its last words are logged if it ended
 * otherwise than by itself. Accepts one that never started. */
void lobby_process_stop(LobbyProcess *process);
