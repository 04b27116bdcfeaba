/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby: one person's way from a viewer to a desktop. It joins the wire to the broker (wire.h),
 * what that said (model.h), the page (view.h) and the client (face.h), on the default main loop.
 */
#pragma once

#include "face.h"

typedef struct Lobby Lobby;

/* The client or the broker has gone (error NULL), or one of them spoke wrongly. Once; lobby_free()
 * from a later turn of the loop. */
typedef void (*LobbyEnded)(gpointer owner, const GError *error);

/* Takes wire, its end of the pair. layouts: the face tells scan codes (SPICE). */
Lobby *lobby_new(const FaceOps *face, gboolean layouts, int wire, LobbyEnded ended, gpointer owner,
		 GError **error);

void lobby_free(Lobby *lobby);
