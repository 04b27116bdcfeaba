/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model: what the broker has told this lobby, and so which screen there is. No pixels, no clock but
 * the one that it is given, no sockets. What the person typed is not here (view.h).
 */
#pragma once

#include "lobby/lobby_wire.h"

typedef enum {
	SCREEN_WAIT, /* nothing to be done yet */
	SCREEN_SIGNIN,
	SCREEN_PROMPTS,
	SCREEN_DESKTOPS,
	SCREEN_PROGRESS,
	SCREEN_ERROR,  /* there is no screen to go back to */
	SCREEN_ENDING, /* of the session that they were brought here from */
} Screen;

/* Owns its texts and lists. */
typedef struct {
	Screen screen;
	char *user;                 /* who is signed in, NULL = nobody                    */
	char *notice, *notice_hint; /* what brought the person here; until they do something */
	char *error, *error_hint;   /* what went wrong; until they do something             */
	GPtrArray *prompts;         /* of LobbyPrompt, on SCREEN_PROMPTS                  */
	GPtrArray *desktops;        /* of LobbyDesktop; NULL before the broker named any  */
	char *chosen;               /* the name of the desktop that is being started      */
	char *progress;
	int percent;     /* -1 = unknown                                       */
	gboolean busy;   /* the broker was asked and has not answered          */
	gint64 ends;     /* when the session does, monotonic us; 0 = not soon  */
	char *ending;    /* on SCREEN_ENDING: that and why                     */
	gboolean extend; /* and that may be put off                            */
} Model;

/* Takes what the broker said; the message's texts and lists move. now: g_get_monotonic_time().
 * FALSE with FAULT_BROKER for a message that only a lobby sends, or a channel, which is not the
 * model's. */
gboolean model_take(Model *model, LobbyMessage *message, gint64 now, GError **error);

/* The person did something that the broker was told: the notices have been read. */
void model_acted(Model *model);

/* A desktop was chosen. */
void model_choose(Model *model, const LobbyDesktop *desktop);

void model_clear(Model *model);
