/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dial_pair: a connection whose both ends are ours to give away, to a viewer and to what shows him
 * something. */
#pragma once

#include <glib.h>

/*
 * A connected pair of stream sockets, of nobody else, for a display that is spoken to in this
 * protocol. SPICE's are TCP: libspice-server takes whoever comes by a Unix socket to be on its own
 * machine, and packs no picture for him (its dcc-send.cpp, fill_bits()). FAULT_BUSY, FAULT_TIMEOUT.
 */
gboolean dial_pair(const char *protocol, int out[2], GError **error);
