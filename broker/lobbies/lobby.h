/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby: one of them: its process, and a thread that carries its conversation. PAM's rounds run on
 * that thread; what may take a minute (a desktop that starts) on another (lobby_errand.h), so that
 * the person sees progress and can change their mind. Private to lobbies.c and lobby*.c.
 */
#pragma once

#include "lobbies/lobbies.h"
#include "lobbies/lobby_errand.h"
#include "lobbies/lobby_process.h"
#include "log.h"

#define LOBBY_PREFIX "lobby-" /* of its id, which is its lease, too */

typedef enum { AT_SIGN_IN, AT_PROMPTS, AT_CHOOSER, AT_START, AT_MOVE, AT_ENDING } LobbyScreen;

struct Lobby {
	Core *core;
	char *id;
	char *protocol, *peer, *place;
	int wake; /* eventfd: look at what is below, or at the errand */

	/* Under the lock of all lobbies. */
	Asker asker; /* its name is the lobby's own copy */
	char *user;  /* who is signed in; NULL = nobody  */
	char **groups;
	gint64 since;     /* ... and since when */
	gboolean left;    /* its client has gone, or gone on */
	GArray *displays; /* of int: the lobby's ends of the client's connections, for the lobby */
	guint32 backend_id; /* SPICE: the lobby's own session id, 0 = not known yet */
	gboolean carried;   /* SPICE: its viewer may have further channels already   */
	gboolean ended;     /* the session that it warns of: why, and whether ...    */
	char *end_text, *end_hint;
	gboolean still_known; /* ... its person has signed in not too long ago       */

	/* The thread's own. */
	LobbyProcess process;
	LobbyScreen at;
	Who *who;
	NativeLogin *login;
	char *text, *hint;
	gboolean again, reborn;
	Bond bond;          /* SPICE; does not change */
	LobbyEnding ending; /* does not change    */
	gboolean over;      /* it does not listen any more */
	gboolean warned;    /* that it ends for want of a word */
	gint64 deadline;    /* monotonic: of the screen */
	GPtrArray *errands; /* of LobbyErrand: the last is the present one, others were given up */
	char *card;         /* what starts */
	char *progress;     /* what was said of it last */
};

/* Takes what `start` owns. */
Lobby *lobby_new(Core *core, LobbyStart *start);
/* Starts the thread, which owns the lobby from here on and ends with lobbies_leave(). */
void lobby_begin(Lobby *lobby);
void lobby_free(Lobby *lobby); /* accepts NULL */

/* For its thread's log lines; borrows the lobby's texts. */
LogContext lobby_context(const Lobby *lobby);
void lobby_log_fault(const Lobby *lobby, const GError *error);

/* lobbies.c: this person is signed in, NULL = nobody any more; it ends, unexpectedly or not, and is
 * in no table any more; has its client gone? does the broker stop? */
void lobbies_sign(Lobby *lobby, const Who *who);
void lobbies_leave(Lobby *lobby, gboolean died);
gboolean lobbies_left(Lobby *lobby);
gboolean lobbies_stopping(Lobbies *lobbies);
/* The session that it warns of has ended: text and hint say so. Once. */
gboolean lobbies_take_end(Lobby *lobby);
/* The next of the client's connections that the lobby has not got yet; -1 = none. The caller's. */
int lobbies_take_display(Lobby *lobby);
/* The last that its thread does, after the lobby is free. */
void lobbies_thread_gone(Lobbies *lobbies);
