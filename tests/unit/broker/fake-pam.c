/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-pam: see fake-pam.h. */
#include "fake-pam.h"

#include "auth/conversation.h"

GMutex fake_pam_slow;

struct Conversation {
	char *user;
	GPtrArray *prompts;
	char **groups;
	ConversationState state;
	gboolean known; /* the password was right */
};

static void prompt_free(gpointer data)
{
	g_free(((Prompt *)data)->text);
	g_free(data);
}

static void fake_asks(Conversation *c, PromptKind kind, const char *text)
{
	Prompt *prompt = g_new0(Prompt, 1);

	prompt->kind = kind;
	prompt->text = g_strdup(text);
	g_ptr_array_add(c->prompts, prompt);
}

Conversation *conversation_start(const char *socket_path, const char *user, const char *peer,
				 GError **error)
{
	Conversation *c = g_new0(Conversation, 1);

	c->user = g_strdup(user);
	c->groups = g_strsplit("staff", ",", -1);
	c->prompts = g_ptr_array_new_with_free_func(prompt_free);
	fake_asks(c, PROMPT_INFO, "Hi");
	fake_asks(c, PROMPT_SECRET, "Password: ");
	if (g_str_has_prefix(user, "both"))
		fake_asks(c, PROMPT_VISIBLE, "Code: ");
	return c;
}

ConversationState conversation_state(const Conversation *c)
{
	return c->state;
}

const GPtrArray *conversation_prompts(const Conversation *c)
{
	return c->prompts;
}

gboolean conversation_answer(Conversation *c, char **answers, GError **error)
{
	gboolean right = g_strcmp0(answers[0], c->known ? "123" : "right") == 0;

	if (g_strcmp0(answers[0], "slow") == 0) {
		g_mutex_lock(&fake_pam_slow);
		g_mutex_unlock(&fake_pam_slow);
	}
	g_ptr_array_set_size(c->prompts, 0);
	if (right && !c->known && g_str_equal(c->user, "otto"))
		fake_asks(c, PROMPT_VISIBLE, "Code: ");
	else
		c->state = right ? CONVERSATION_ACCEPTED : CONVERSATION_REFUSED;
	c->known = right;
	return TRUE;
}

const char *conversation_user(const Conversation *c)
{
	return g_str_has_prefix(c->user, "site\\") ? c->user + 5 : c->user;
}

char **conversation_groups(const Conversation *c)
{
	return c->groups;
}

void conversation_free(Conversation *c)
{
	if (!c)
		return;
	g_free(c->user);
	g_ptr_array_unref(c->prompts);
	g_strfreev(c->groups);
	g_free(c);
}
