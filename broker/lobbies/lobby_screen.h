/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby_screen: what a lobby shows, and for how long. What becomes of it is lobby_talk.c. On the
 * lobby's thread; a lobby whose program does not listen is over.
 */
#pragma once

#include "lobbies/lobby.h"

/* The first screen, to sign in; what brought the person here is said once. */
void lobby_screen_open(Lobby *lobby);
/* What PAM has to say. */
void lobby_screen_prompts(Lobby *lobby);
/* Those of the person's desktops that their client can be shown. *out_only, unless it is not
 * wanted: the id of one that is alone, g_free() it. */
void lobby_screen_desktops(Lobby *lobby, char **out_only);
/* A desktop is being started; how far that is. */
void lobby_screen_start(Lobby *lobby);
void lobby_screen_progress(Lobby *lobby, const char *text);
/* A session ends soon. */
void lobby_screen_ending(Lobby *lobby, const char *text);
/* The client is on its way to a desktop. */
void lobby_screen_move(Lobby *lobby);

/* On top of the screen: that something is wrong (hint NULL: no more than that), and that the lobby
 * ends so soon for want of a word; seconds 0: it does not. */
void lobby_screen_error(Lobby *lobby, const char *text, const char *hint);
void lobby_screen_fault(Lobby *lobby, const GError *error);
void lobby_screen_warn(Lobby *lobby, int seconds);

/* The person is there: the screen stays for as long as if it had just come. */
void lobby_screen_stay(Lobby *lobby);
