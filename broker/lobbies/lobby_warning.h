/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby_warning: the plan is about to end a session in a native viewer, which has no other place to
 * say so: its person is brought to a lobby, and back to the same desktop when they have read it.
 *
 * The session itself goes on meanwhile: its lease is "aside", which is to say that its client is at
 * that lobby. What its gateway tells of its end there is not its end. If the client leaves from
 * the lobby, the lease ends with it; if the lease ends first, the lobby goes on as one that people
 * come back to. If the lobby itself is lost, with this broker or alone, the gateway brings its
 * client back (gateway/session/session_move.c).
 */
#pragma once

#include "core_parts.h"
#include "fault.h"
#include "upkeep/plan.h"

typedef struct Lobby Lobby;

/* Once for each end that the session has, also if that is another broker's session by then; nothing
 * if its client cannot be shown a lobby. */
void lobby_warning_show(Core *core, const char *lease, const PlanEnd *end);

/* For a lobby's thread, of one that warns (lobby->warns). Puts the end off, if wanted and possible,
 * and orders its client back. FALSE: it could not be brought back, the lease has ended. */
gboolean lobby_warning_return(Lobby *lobby, gboolean extend, GError **error);
/* The broker stops: its client goes back now, while somebody can say so; a SPICE viewer, whose
 * channels have to ask, when there is a broker again. */
void lobby_warning_stop(Lobby *lobby);
/* It is over: a client that was there is on its way back, and expected. */
void lobby_warning_over(Lobby *lobby);

/* A gateway has told the end of that lobby's lease: the lease that is aside there ends, if its
 * client has left for good and not for want of the lobby (FAULT_DESKTOP). */
void lobby_warning_ended(Core *core, const char *lobby, Fault fault);
