/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby_warning: the plan is about to end a session in a native viewer, which has no other place to
 * say so: its person is brought to a lobby, and back to the same desktop when they have read it.
 *
 * The session itself goes on meanwhile: its lease is "aside", which is to say that its client is at
 * that lobby. What its gateway tells of its end there is not its end. If the client leaves from
 * the lobby, the lease ends with it; if the lease ends first, the lobby goes on as one that people
 * come back to.
 */
#pragma once

#include "core_parts.h"
#include "plan.h"

typedef struct Lobby Lobby;

/* Once for each end that the session has; nothing if its client cannot be shown a lobby. */
void lobby_warning_show(Core *core, const char *lease, const PlanEnd *end);

/* For a lobby's thread, of one that warns (lobby->warns). Puts the end off, if wanted and possible,
 * and orders its client back. FALSE: it could not be brought back, the lease has ended. */
gboolean lobby_warning_return(Lobby *lobby, gboolean extend, GError **error);
/* It is over: the lease ends, if its client has left it for this lobby and not come back. */
void lobby_warning_over(Lobby *lobby);
