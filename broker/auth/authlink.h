/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * authlink: one message of authwire.h at a time over a connected socket, with a deadline; used on
 * both of its ends. Blocks, so it belongs on a worker thread or in a process of its own. Reads no
 * byte more than the message has. What passes is wiped behind it.
 */
#pragma once

#include <glib.h>

#include "control/authwire.h"

/* deadline: g_get_monotonic_time() that ends the wait. FAULT_TIMEOUT at the deadline, FAULT_BROKER
 * if the other side is gone or (receive) speaks wrongly; the link is then of no more use. */
gboolean authlink_send(int fd, const AuthMessage *message, gint64 deadline, GError **error);
gboolean authlink_receive(int fd, AuthMessage *out, gint64 deadline, GError **error);
