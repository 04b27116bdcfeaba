/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire: a bridge's line to the broker that started it: a SOCK_SEQPACKET pair, one control message
 * (protocol/control/control.h) a packet, with at most one descriptor. On the GLib main loop.
 */
#pragma once

#include <glib.h>

#include "control/control.h"

typedef struct Wire Wire;

/* A message of the broker; fd is the receiver's to close, -1 = none. NULL: the broker has gone, or
 * spoke nonsense; last call. The wire may be closed in here. */
typedef void (*WireHeard)(const ControlMessage *message, int fd, gpointer owner);

/* Takes fd. */
Wire *wire_new(int fd, WireHeard heard, gpointer owner);
void wire_free(Wire *wire);

/* FALSE: the broker has gone; `heard` tells so later. */
gboolean wire_say(Wire *wire, const ControlMessage *message);
