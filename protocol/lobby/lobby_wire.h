/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby_wire: what the broker and one oriel-lobby say to each other, over a SOCK_SEQPACKET pair
 * that the broker makes when it starts the lobby (the lobby's descriptor 3). A packet is one JSON
 * object of at most LOBBY_MAX bytes; `channel` alone carries a descriptor (SCM_RIGHTS). The lobby
 * knows nothing that the broker did not tell it, and decides nothing: it shows, and says what the
 * person did.
 *
 *   broker -> lobby   open      who is signed in (user NULL = nobody), what brought the person here
 *                               (text, hint: e.g. why the last desktop ended); first message
 *                     channel   a connection of the client                       (+ descriptor)
 *                     prompts   PAM's messages and questions
 *                     desktops  what there is to choose from
 *                     progress  a desktop is being prepared: text, percent (-1 = unknown)
 *                     error     what went wrong (text) and what to do (hint); the screen before
 * comes back, cleared of secrets warning   the session ends in `seconds`; extend: may be put off
 *   lobby -> broker   login     user and password                 -> prompts | desktops | progress
 * | error answers   to the prompts, in their order     -> the same choose    a desktop's id ->
 * progress | error cancel    out of prompts or progress         -> open | desktops extend    the
 * session's end signout                                      -> open
 *
 * When the client has been handed over to a desktop its connections close, and the lobby ends.
 */
#pragma once

#include <glib.h>

#define LOBBY_MAX      131072
#define LOBBY_TEXT     1024 /* any text */
#define LOBBY_PROMPTS  16
#define LOBBY_DESKTOPS 256

typedef enum {
	LOBBY_OPEN,
	LOBBY_CHANNEL,
	LOBBY_PROMPTS_ARE,
	LOBBY_DESKTOPS_ARE,
	LOBBY_PROGRESS,
	LOBBY_ERROR,
	LOBBY_WARNING,
	LOBBY_LOGIN,
	LOBBY_ANSWERS,
	LOBBY_CHOOSE,
	LOBBY_CANCEL,
	LOBBY_EXTEND,
	LOBBY_SIGNOUT,
} LobbyType;

/* A line of a PAM conversation: a question (echo or not) or a message (error or not). */
typedef struct {
	char *text;
	gboolean question, echo, error;
} LobbyPrompt;

typedef struct {
	char *id, *name, *pool, *state;
	gint64 last_used; /* seconds since 1970, 0 = never */
} LobbyDesktop;

/* One struct for all; the table in lobby_wire.c says which fields a type has. Owned by the message;
 * password and answers are secrets and wiped by lobby_clear(). */
typedef struct {
	LobbyType type;
	char *user;          /* open, login              */
	char *password;      /* login                    */
	char *text, *hint;   /* open, progress, error    */
	int percent;         /* progress                 */
	int seconds;         /* warning                  */
	gboolean extend;     /* warning                  */
	char *desktop;       /* choose                   */
	GPtrArray *prompts;  /* of LobbyPrompt           */
	GPtrArray *desktops; /* of LobbyDesktop          */
	char **answers;      /* as many as questions     */
} LobbyMessage;

/* The packet's bytes, to be wiped with control_wipe()'s like. Texts are cut at their bound and made
 * UTF-8, as control_encode() does. */
GByteArray *lobby_encode(const LobbyMessage *message);

/* One whole packet. FALSE with FAULT_CLIENT (the person's side spoke wrongly): bad JSON, duplicate,
 * missing or unknown keys, a text or list over its bound. *out is cleared by the caller. */
gboolean lobby_decode(const void *bytes, gsize n, LobbyMessage *out, GError **error);

const char *lobby_type_name(LobbyType type);
void lobby_clear(LobbyMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LobbyMessage, lobby_clear)
