/* SPDX-License-Identifier: GPL-3.0-or-later */
/* native_login: see native_login.h. */
#include "lobbies/native_login.h"

#include <string.h>

#include "admin/audit.h"
#include "auth/conversation.h"
#include "fault.h"
#include "lobby/lobby_wire.h"
#include "people/entitlement.h"
#include "people/ration.h"

#define ROUNDS_MAX 16 /* rounds of nothing but messages */

struct NativeLogin {
	Core *core;
	char *user, *peer, *protocol;
	Conversation *conversation;
	GPtrArray *prompts; /* of LobbyPrompt */
	Who *who;
};

void native_login_free(NativeLogin *login)
{
	if (!login)
		return;
	g_free(login->user);
	g_free(login->peer);
	g_free(login->protocol);
	conversation_free(login->conversation);
	g_ptr_array_unref(login->prompts);
	who_free(login->who);
	g_free(login);
}

Who *native_login_who(NativeLogin *login)
{
	return g_steal_pointer(&login->who);
}

GPtrArray *native_login_prompts(NativeLogin *login)
{
	return login->prompts;
}

char *native_login_host(const char *peer)
{
	const char *colon = strrchr(peer, ':');
	gsize n = colon ? (gsize)(colon - peer) : strlen(peer);

	return *peer == '[' && n > 2 ? g_strndup(peer + 1, n - 2) : g_strndup(peer, n);
}

/* ---- what PAM says */

static gboolean is_question(const Prompt *prompt)
{
	return prompt->kind == PROMPT_SECRET || prompt->kind == PROMPT_VISIBLE;
}

static void keep(NativeLogin *login, const Prompt *prompt)
{
	g_ptr_array_add(login->prompts, lobby_prompt_new(prompt->text, is_question(prompt),
							 prompt->kind != PROMPT_SECRET,
							 prompt->kind == PROMPT_ERROR));
}

static void keep_all(NativeLogin *login)
{
	const GPtrArray *prompts = conversation_prompts(login->conversation);

	for (guint i = 0; i < prompts->len; i++)
		keep(login, prompts->pdata[i]);
}

/* How many questions there are, and of what kind the last is. */
static unsigned questions_of(const GPtrArray *prompts, PromptKind *out_kind)
{
	unsigned n = 0;

	for (guint i = 0; i < prompts->len; i++) {
		const Prompt *prompt = prompts->pdata[i];

		if (!is_question(prompt))
			continue;
		*out_kind = prompt->kind;
		n++;
	}
	return n;
}

/* Until PAM asks something that only the person can answer, or the verdict. */
static gboolean advance(NativeLogin *login, const char *password, GError **error)
{
	Conversation *c = login->conversation;

	for (unsigned i = 0; conversation_state(c) == CONVERSATION_ASKS; i++) {
		char *answers[] = {NULL, NULL};
		PromptKind kind = PROMPT_INFO;
		unsigned n = questions_of(conversation_prompts(c), &kind);

		if (i == ROUNDS_MAX) {
			g_set_error(error, FAULT, FAULT_BROKER, "PAM never comes to an end");
			return FALSE;
		}
		if (n == 1 && kind == PROMPT_SECRET && password)
			answers[0] = (char *)g_steal_pointer(&password);
		/* What stands around the password's question has been read where it was typed. */
		if (!answers[0])
			keep_all(login);
		if (n > 0 && !answers[0])
			return TRUE;
		if (!conversation_answer(c, answers, error))
			return FALSE;
	}
	keep_all(login); /* with the verdict come no questions */
	return TRUE;
}

static char *said(const NativeLogin *login)
{
	g_autoptr(GString) words = g_string_new(NULL);

	for (guint i = 0; i < login->prompts->len; i++) {
		const LobbyPrompt *prompt = login->prompts->pdata[i];

		g_string_append_printf(words, "%s%s", words->len ? "\n" : "", prompt->text);
	}
	return words->len ? g_strdup(words->str) : NULL;
}

/* ---- rounds */

/* Whoever that has proven to be, however they wrote their name. */
static gboolean not_banned(const NativeLogin *login, GError **error)
{
	g_autofree char *host = native_login_host(login->peer);

	return limit_admits(login->core->limit, host, conversation_user(login->conversation),
			    limit_now(), error);
}

static gboolean accept_person(NativeLogin *login, GError **error)
{
	Core *core = login->core;
	g_autoptr(Who) who = g_new0(Who, 1);

	who->user = g_strdup(conversation_user(login->conversation));
	who->groups = g_strdupv(conversation_groups(login->conversation));
	who->since = core_now();
	who->admin = entitlement_admin(core->options, who->user, who->groups);
	if (!ration_take(core->ration, who->user, who->since, error) ||
	    !audit_add(core,
		       &(AuditEntry){.event = "login",
				     .user = who->user,
				     .peer = login->peer,
				     .detail = login->protocol},
		       error))
		return FALSE;
	login->who = g_steal_pointer(&who);
	return TRUE;
}

/* answers NULL: the first round. */
static gboolean run(NativeLogin *login, const char *password, char **answers, GError **error)
{
	if (!answers) {
		login->conversation = conversation_start(login->core->options->auth, login->user,
							 login->peer, error);
		if (!login->conversation)
			return FALSE;
	} else if (!conversation_answer(login->conversation, answers, error)) {
		return FALSE;
	}
	if (!advance(login, password, error))
		return FALSE;
	switch (conversation_state(login->conversation)) {
	case CONVERSATION_ASKS: return TRUE;
	case CONVERSATION_ACCEPTED: return not_banned(login, error) && accept_person(login, error);
	case CONVERSATION_REFUSED: break;
	}
	g_set_error(error, FAULT, FAULT_DENIED, "the login was refused");
	return FALSE;
}

/* A round under the back-off that the web page shares. */
static gboolean round_of(NativeLogin *login, const char *password, char **answers, char **out_said,
			 GError **error)
{
	Core *core = login->core;
	g_autofree char *host = native_login_host(login->peer);
	LimitVerdict verdict = LIMIT_UNDECIDED;
	g_autoptr(GError) why = NULL;
	LimitAttempt *attempt;
	unsigned wait;

	attempt = limit_begin(core->limit, host, login->user, limit_now(), error);
	if (!attempt)
		return FALSE;
	g_ptr_array_set_size(login->prompts, 0);
	if (!run(login, password, answers, &why))
		verdict = fault_code(why) == FAULT_DENIED ? LIMIT_REFUSED : LIMIT_UNDECIDED;
	else if (login->who)
		verdict = LIMIT_ACCEPTED;
	wait = limit_end(attempt, verdict, limit_now());
	if (verdict == LIMIT_REFUSED) {
		core_login_refused(core, login->user, login->peer, wait);
		if (out_said)
			*out_said = said(login);
	}
	if (!why)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

NativeLogin *native_login_start(Core *core, const char *user, const char *password,
				const char *peer, const char *protocol, char **out_said,
				GError **error)
{
	g_autoptr(NativeLogin) login = g_new0(NativeLogin, 1);

	login->core = core;
	login->user = g_strdup(user);
	login->peer = g_strdup(peer);
	login->protocol = g_strdup(protocol);
	login->prompts = lobby_prompts_new();
	return round_of(login, password, NULL, out_said, error) ? g_steal_pointer(&login) : NULL;
}

gboolean native_login_answer(NativeLogin *login, char **answers, char **out_said, GError **error)
{
	return round_of(login, NULL, answers, out_said, error);
}
