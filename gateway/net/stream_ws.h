/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream_ws: the bytes inside a WebSocket's binary messages (RFC 6455), after the handshake. A
 * write becomes one frame whose header stands in the headroom of the caller's buffer, so that
 * header and payload leave together and nothing is copied. Pings are answered here.
 */
#pragma once

#include "stream.h"

/* Takes `below`, which must hold nothing but frames. */
Stream *stream_ws_new(Stream *below);

/* Sends a pong that nobody has asked for and nobody answers: whoever is on the way sees that the
 * line is used (RFC 6455, 5.5.3). FALSE: this is no such stream, or it is in the middle of a frame,
 * and so in use. Should the line have broken, the next read or write tells. */
gboolean stream_ws_beat(Stream *stream);
