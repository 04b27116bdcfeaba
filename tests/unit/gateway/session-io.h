/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session-io: what session.c makes of a read or a write (session_client_io() and
 * session_desktop_io()), and of a session's end, for fixtures that play the rest of it.
 */
#pragma once

#include "session/session.h"

/* Closes both peers and frees what was asked. */
void session_io_clear(Session *session);
