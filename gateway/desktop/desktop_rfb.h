/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desktop_rfb: what the dial has learned, for the welcome. */
#pragma once

#include "rfb/rfb_client.h"
#include "session/session.h"

/* The finished handshake: width, height and name of the screen. Borrowed; only between a dial that
 * said NEXT and the start of the relay. */
const RfbClient *desktop_rfb_client(const Session *session);
