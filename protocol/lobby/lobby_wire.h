/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobby_wire: what the broker and one oriel-lobby say to each other, over a SOCK_SEQPACKET pair
 * that the broker makes when it starts the lobby (the lobby's descriptor 3). A packet is one JSON
 * object of at most LOBBY_MAX bytes; `channel` alone carries a descriptor (SCM_RIGHTS). The lobby
 * knows nothing that the broker did not tell it, and decides nothing: it shows, and says what the
 * person did.
 */
/* clang-format off */
/*
 *   broker -> lobby   open      who is signed in (user, or nobody), and what brought the person here
 *                               (text, hint: e.g. why the last desktop ended). The first message
 *                     channel   a connection of the client, with its descriptor
 *                     prompts   PAM's messages and questions; messages alone are to be confirmed,
 *                               with an empty list of answers
 *                     desktops  what there is to choose from
 *                     progress  a desktop is being prepared: text, percent (-1 = unknown)
 *                     error     what went wrong (text) and what to do (hint); the screen before
 *                               comes back, cleared of secrets
 *                     warning   the session ends in `seconds` (0: it does not, after all); extend:
 *                               may be put off. Shown over whatever screen there is
 *                     ending    the session on the person's desktop, which they were brought here from,
 *                               ends in `seconds`; text: that and why; extend: may be put off
 *   lobby -> broker   login     user and password         -> prompts | desktops | progress | error
 *                     answers   to the questions in order -> the same
 *                     choose    a desktop's id            -> progress | error
 *                     cancel    out of prompts, progress  -> open | desktops
 *                               out of ending: back to the desktop as it is
 *                     extend    the session's end         -> warning; out of ending: and back to it
 *                     signout                             -> open
 */
/* clang-format on */
/*
 * When the client has been handed over to a desktop its connections close, and the lobby ends; so
 * it does when the broker closes its end.
 */
#pragma once

#include <glib.h>

/* The longest message still fits: LOBBY_DESKTOPS rows, each byte escaped in JSON (2 for 1). It is
 * below what a Unix socket takes in one packet without being asked (net.core.wmem_default). */
#define LOBBY_MAX      163840
#define LOBBY_TEXT     1024 /* text, hint, a prompt's text                          */
#define LOBBY_NAME     128  /* a desktop's id, name, pool, state                    */
#define LOBBY_SECRET   511  /* user, password, answer: PAM_MAX_RESP_SIZE without NUL */
#define LOBBY_PROMPTS  32   /* AUTH_PROMPTS                                         */
#define LOBBY_DESKTOPS 128

typedef enum {
	LOBBY_OPEN,
	LOBBY_CHANNEL,
	LOBBY_PROMPTS_ARE,
	LOBBY_DESKTOPS_ARE,
	LOBBY_PROGRESS,
	LOBBY_ERROR,
	LOBBY_WARNING,
	LOBBY_ENDING,
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
	char *id, *name, *pool, *state; /* pool, state: for people, may be "" */
	gint64 last_used;               /* seconds since 1970, 0 = never      */
} LobbyDesktop;

/* One struct for all; the comments say which fields a type has. Owned by the message; password and
 * answers are secrets and wiped by lobby_clear(). */
typedef struct {
	LobbyType type;
	char *user;          /* login; open, may be NULL                                 */
	char *password;      /* login                                                    */
	char *text;          /* progress, error, ending; open, may be NULL               */
	char *hint;          /* open, error, may be NULL                                 */
	int percent;         /* progress: -1 to 100                                      */
	int seconds;         /* warning, ending: 0 to 86400                              */
	gboolean extend;     /* warning, ending                                          */
	char *desktop;       /* choose                                                   */
	GPtrArray *prompts;  /* prompts: of LobbyPrompt, at least one                    */
	GPtrArray *desktops; /* desktops: of LobbyDesktop, may be empty                  */
	char **answers;      /* answers: as many as questions                            */
} LobbyMessage;

/* Owned copies, and empty arrays that free what is put in. */
LobbyPrompt *lobby_prompt_new(const char *text, gboolean question, gboolean echo, gboolean error);
LobbyDesktop *lobby_desktop_new(const char *id, const char *name, const char *pool,
				const char *state, gint64 last_used);
GPtrArray *lobby_prompts_new(void);
GPtrArray *lobby_desktops_new(void);

/* The packet's bytes; free them with jsonframe_wipe(). Never fails for what is in a text: it is cut
 * at its bound, made UTF-8, and control characters but the newline become spaces (not in secrets).
 * Lists are cut at their bounds too. A missing field is a bug and asserts. */
GByteArray *lobby_encode(const LobbyMessage *message);

/* One whole packet. FALSE with FAULT_CLIENT (to the broker: the person's side spoke wrongly): bad
 * JSON, duplicate, missing or unknown keys, a text, number or list over its bound; then *out is
 * untouched. Else *out is cleared by the caller. */
gboolean lobby_decode(const void *bytes, gsize n, LobbyMessage *out, GError **error);

const char *lobby_type_name(LobbyType type);
void lobby_clear(LobbyMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LobbyMessage, lobby_clear)
