/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bridge: one session whose client and desktop speak different protocols. A source (source.h) is
 * the desktop's viewer, a face (face.h) the client's server; what the one draws the other shows,
 * what the client does goes back. Pixels are drawn once, by the source into the face's picture.
 */
#pragma once

#include <glib.h>

#include "face.h"
#include "keymap.h"

typedef struct Bridge Bridge;

/*
 * Waits for the broker on fd (taken): a lease with the desktop's endpoint and descriptor, and
 * clients. loop is left when it is all over. keymap is used until bridge_free().
 */
Bridge *bridge_new(int fd, const FaceOps *face, Keymap *keymap, GMainLoop *loop);
void bridge_free(Bridge *bridge);
