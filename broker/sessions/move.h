/* SPDX-License-Identifier: GPL-3.0-or-later */
/* move: the order to a gateway that carries a client on to another desktop, in the
 * same connection. */
#pragma once

#include "sessions/session.h"

/* Tells the gateway of that connection the way: what it carries under `lease` goes on as the
 * grant's lease. FAULT_DESKTOP (no way there), FAULT_NOT_FOUND (the gateway has gone): the grant's
 * lease is then the caller's to end. */
gboolean move_send(Core *core, gconstpointer connection, const char *lease, const Grant *grant,
		   GError **error);
