/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conversation: the broker's side of one PAM login. Each one has an oriel-auth process of its own
 * (root, one conversation, then gone) on the other end of a socket. Calls block with a deadline:
 * they belong on a worker thread, never on a loop.
 *
 * Not thread-safe: one thread at a time has a conversation in hand.
 */
#pragma once

#include <glib.h>

typedef struct Conversation Conversation;

typedef enum { PROMPT_SECRET, PROMPT_VISIBLE, PROMPT_INFO, PROMPT_ERROR } PromptKind;

typedef struct {
	PromptKind kind; /* INFO and ERROR want no answer: show them */
	char *text;      /* as PAM wrote it, valid UTF-8, bounded     */
} Prompt;

typedef enum {
	CONVERSATION_ASKS,     /* prompts are waiting for answers */
	CONVERSATION_ACCEPTED, /* user and groups are known       */
	CONVERSATION_REFUSED,  /* the same words for every cause  */
} ConversationState;

/* Connects to oriel-auth and runs until the first prompts or the verdict. peer: the client's
 * address for PAM_RHOST. FAULT_BROKER if the auth service is not there, FAULT_TIMEOUT. */
Conversation *conversation_start(const char *socket_path, const char *user, const char *peer,
				 GError **error);

ConversationState conversation_state(const Conversation *conversation);

/* The prompts of this round (ASKS), or messages that came with the verdict; owned by the
 * conversation, valid until the next call. Elements: Prompt. */
const GPtrArray *conversation_prompts(const Conversation *conversation);

/* Answers this round: one text per prompt of kind SECRET or VISIBLE, in order, no others. The
 * texts are sent and wiped from our memory; the caller wipes its own. Runs until the next round
 * or the verdict. */
gboolean conversation_answer(Conversation *conversation, char **answers, GError **error);

/* After ACCEPTED: the name PAM settled on, and the NSS groups of that user (may be empty). Owned
 * by the conversation. */
const char *conversation_user(const Conversation *conversation);
char **conversation_groups(const Conversation *conversation);

/* Ends it (also in the middle); accepts NULL. */
void conversation_free(Conversation *conversation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Conversation, conversation_free)
