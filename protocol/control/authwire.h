/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * authwire: what the broker and oriel-auth say to each other during one PAM login. Frames as in
 * jsonframe.h. The broker begins, then oriel-auth asks as often as PAM does, then there is a
 * verdict and the connection ends:
 *
 *   broker -> auth   begin     user, peer
 *   auth -> broker   prompts   what PAM asks and says, at least one thing that wants an answer
 *   broker -> auth   answers   one for each prompt that wants one, in order
 *   auth -> broker   accepted  the user's name and groups, with what PAM said last
 *                    refused   no more than that: every cause looks the same
 */
#pragma once

#include <glib.h>

/* The longest accepted message (AUTH_GROUPS names, each byte escaped in JSON) still fits. */
#define AUTH_MAX     (2 * 1024 * 1024)
#define AUTH_TEXT    1024 /* user, peer, a prompt's text                           */
#define AUTH_ANSWER  511  /* PAM_MAX_RESP_SIZE without its NUL                     */
#define AUTH_PROMPTS 32   /* PAM_MAX_NUM_MSG                                       */
#define AUTH_NAME    256  /* a group                                               */
#define AUTH_GROUPS  1024 /* more than the 1015 that a Windows account may be in   */

typedef enum { AUTH_BEGIN, AUTH_ASK, AUTH_ANSWERS, AUTH_ACCEPTED, AUTH_REFUSED } AuthType;

/* In the order of PromptKind (conversation.h) and of the names on the wire. */
typedef enum { AUTH_SECRET, AUTH_VISIBLE, AUTH_INFO, AUTH_ERROR } AuthKind;

typedef struct {
	AuthKind kind;
	char *text; /* owned */
} AuthPrompt;

/* Owns its texts; the answers are secrets and wiped by auth_clear(). */
typedef struct {
	AuthType type;
	char *user;         /* begin, accepted                             */
	char *peer;         /* begin: the client's address                 */
	GPtrArray *prompts; /* ask; accepted: messages only; of AuthPrompt */
	char **answers;     /* answers: secrets                            */
	char **groups;      /* accepted                                    */
} AuthMessage;

AuthPrompt *auth_prompt_new(AuthKind kind, const char *text);
void auth_prompt_free(AuthPrompt *prompt);
/* An empty array that frees its prompts. */
GPtrArray *auth_prompts_new(void);
/* How many of them want an answer. */
unsigned auth_prompts_asking(const GPtrArray *prompts);

/* As control_encode(): texts are cut to their bounds and made UTF-8; missing ones assert, and so do
 * more than AUTH_PROMPTS prompts or answers or AUTH_GROUPS groups. Free with jsonframe_wipe(). */
GByteArray *auth_encode(const AuthMessage *message);

/* As control_decode(): the bytes consumed, 0 for more, -1 with FAULT_BROKER. */
gssize auth_decode(const void *bytes, gsize n, AuthMessage *out, GError **error);

void auth_clear(AuthMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AuthMessage, auth_clear)
