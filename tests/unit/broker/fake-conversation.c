/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-conversation: PAM as fake-core.h describes it, one row a question. */
#include "auth/conversation.h"
#include "fake-core.h"
#include "fault.h"

typedef struct {
	const char *user;
	PromptKind kind;
	const char *before; /* a message in the same round, NULL = none */
	const char *text;
	const char *answer;
} Question;

static const Question questions[] = {
	{"anna", PROMPT_SECRET, NULL, "Password: ", "secret"},
	{"root", PROMPT_SECRET, "All is logged.", "Password: ", "secret"},
	{"otto", PROMPT_SECRET, NULL, "Password: ", "secret"},
	{"otto", PROMPT_VISIBLE, "Look at your telephone.", "Code: ", "123456"},
	{"eva", PROMPT_SECRET, NULL, "Password: ", "secret"},
	{"eva", PROMPT_SECRET, "Your password has expired.", "New password: ", "better1"},
	{"eva", PROMPT_SECRET, NULL, "Again: ", "better1"},
	{NULL, PROMPT_SECRET, NULL, "Password: ", NULL}, /* anybody else: never right */
};

struct Conversation {
	char *user;
	unsigned at;
	ConversationState state;
	GPtrArray *prompts;
	char **groups;
};

static gint alive;

unsigned fake_conversations(void)
{
	return (unsigned)g_atomic_int_get(&alive);
}

static void prompt_free(gpointer data)
{
	Prompt *prompt = data;

	g_free(prompt->text);
	g_free(prompt);
}

static void add(Conversation *conversation, PromptKind kind, const char *text)
{
	Prompt *prompt = g_new0(Prompt, 1);

	prompt->kind = kind;
	prompt->text = g_strdup(text);
	g_ptr_array_add(conversation->prompts, prompt);
}

static gboolean asks(const Conversation *conversation, unsigned at)
{
	return at < G_N_ELEMENTS(questions) &&
	       (questions[at].user == NULL || g_str_equal(questions[at].user, conversation->user));
}

static void ask(Conversation *conversation)
{
	const Question *question = &questions[conversation->at];

	g_ptr_array_set_size(conversation->prompts, 0);
	if (question->before != NULL)
		add(conversation, PROMPT_INFO, question->before);
	add(conversation, question->kind, question->text);
	conversation->state = CONVERSATION_ASKS;
}

Conversation *conversation_start(const char *socket_path, const char *user, const char *peer,
				 GError **error)
{
	Conversation *conversation;

	if (g_str_equal(user, "nobody-serves")) {
		g_set_error(error, FAULT, FAULT_BROKER, "%s: Connection refused", socket_path);
		return NULL;
	}
	conversation = g_new0(Conversation, 1);
	conversation->user = g_strdup(user);
	conversation->prompts = g_ptr_array_new_with_free_func(prompt_free);
	conversation->groups = g_new0(char *, 1);
	while (!asks(conversation, conversation->at))
		conversation->at++;
	ask(conversation);
	g_atomic_int_inc(&alive);
	return conversation;
}

ConversationState conversation_state(const Conversation *conversation)
{
	return conversation->state;
}

const GPtrArray *conversation_prompts(const Conversation *conversation)
{
	return conversation->prompts;
}

gboolean conversation_answer(Conversation *conversation, char **answers, GError **error)
{
	g_assert_cmpint(conversation->state, ==, CONVERSATION_ASKS);
	g_assert_cmpuint(g_strv_length(answers), ==, 1);
	if (g_strcmp0(answers[0], questions[conversation->at].answer) != 0) {
		g_ptr_array_set_size(conversation->prompts, 0);
		conversation->state = CONVERSATION_REFUSED;
		return TRUE;
	}
	conversation->at++;
	if (asks(conversation, conversation->at) && questions[conversation->at].user != NULL) {
		ask(conversation);
		return TRUE;
	}
	g_ptr_array_set_size(conversation->prompts, 0);
	add(conversation, PROMPT_INFO, "Welcome.");
	conversation->state = CONVERSATION_ACCEPTED;
	return TRUE;
}

const char *conversation_user(const Conversation *conversation)
{
	return conversation->user;
}

char **conversation_groups(const Conversation *conversation)
{
	return conversation->groups;
}

void conversation_free(Conversation *conversation)
{
	if (conversation == NULL)
		return;
	g_atomic_int_add(&alive, -1);
	g_free(conversation->user);
	g_ptr_array_unref(conversation->prompts);
	g_strfreev(conversation->groups);
	g_free(conversation);
}
