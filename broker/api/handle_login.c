/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handle_login: a PAM conversation carried over HTTP, one round a request.
 *
 *   POST /login            {"user", "password"?} -> 200 in | 202 PAM asks | 401
 *   POST /login/{id}       {"answers"}           -> 200 in | 202 PAM asks | 401
 *
 * The password answers the first secret question and no other. Every refusal has the same words,
 * whoever asked and whatever PAM found. Passwords and answers are wiped with the JSON they came in.
 */
#include "handlers.h"

#include <string.h>

#include "auth/conversation.h"
#include "guard.h"
#include "secret.h"
#include "services.h"
#include "views.h"

#define USER_MAX   255
#define ANSWER_MAX 511 /* PAM_MAX_RESP_SIZE, with its NUL */
#define ROUNDS_MAX 16  /* rounds of nothing but messages  */

static gboolean is_question(const Prompt *prompt)
{
	return prompt->kind == PROMPT_SECRET || prompt->kind == PROMPT_VISIBLE;
}

static unsigned wanted_answers(const GPtrArray *prompts, PromptKind *out_kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < prompts->len; i++) {
		const Prompt *prompt = g_ptr_array_index(prompts, i);

		if (!is_question(prompt))
			continue;
		*out_kind = prompt->kind;
		n++;
	}
	return n;
}

typedef enum { ALL, MESSAGES } Which;

static void add_prompts(json_t *array, const GPtrArray *prompts, Which which)
{
	static const char *const kinds[] = {
		[PROMPT_SECRET] = "secret",
		[PROMPT_VISIBLE] = "visible",
		[PROMPT_INFO] = "info",
		[PROMPT_ERROR] = "error",
	};

	for (unsigned i = 0; prompts != NULL && i < prompts->len; i++) {
		const Prompt *prompt = g_ptr_array_index(prompts, i);

		if (which == MESSAGES && is_question(prompt))
			continue;
		json_array_append_new(array, json_pack("{s:s,s:o}", "kind", kinds[prompt->kind],
						       "text", view_text(prompt->text)));
	}
}

/* Goes on until PAM asks something that only the person can answer, or the verdict. `messages`
 * gathers what PAM said on the way. */
static gboolean advance(Conversation *conversation, const char *password, json_t *messages,
			GError **error)
{
	for (unsigned i = 0; conversation_state(conversation) == CONVERSATION_ASKS; i++) {
		const GPtrArray *prompts = conversation_prompts(conversation);
		char *answers[2] = {NULL, NULL};
		PromptKind kind = PROMPT_INFO;
		unsigned wanted = wanted_answers(prompts, &kind);

		if (i == ROUNDS_MAX) {
			g_set_error(error, FAULT, FAULT_BROKER, "PAM never comes to an end");
			return FALSE;
		}
		if (wanted == 1 && kind == PROMPT_SECRET && password != NULL)
			answers[0] = (char *)g_steal_pointer(&password);
		else if (wanted > 0)
			return TRUE;
		add_prompts(messages, prompts, MESSAGES);
		if (!conversation_answer(conversation, answers, error))
			return FALSE;
	}
	add_prompts(messages, conversation_prompts(conversation), MESSAGES);
	return TRUE;
}

static LimitVerdict refuse(Request *request, const char *user, json_t *messages)
{
	json_t *body = json_pack("{s:{s:s,s:s}}", "error", "code", "denied", "message",
				 "The login was refused. Check your user name and password.");

	if (json_array_size(messages) > 0)
		json_object_set(body, "messages", messages);
	reply_json(request, 401, body);
	request->reply.cause = g_error_new(FAULT, FAULT_DENIED, "login of \"%s\" refused", user);
	return LIMIT_REFUSED;
}

static LimitVerdict accept_login(Request *request, Conversation *conversation, json_t *messages,
				 GError **error)
{
	Core *core = request->services->core;
	const char *user = conversation_user(conversation);
	autosecret char *token = NULL;
	autosecret char *cookie = NULL;
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	json_t *body;

	if (!limit_admits(request->services->limit, request->peer, user, limit_now(), error))
		return g_error_matches(*error, FAULT, FAULT_DENIED) ? LIMIT_REFUSED
								    : LIMIT_UNDECIDED;
	token = core_login(core, user, conversation_groups(conversation), request->peer, error);
	if (token == NULL)
		return LIMIT_UNDECIDED;
	request->who = core_who(core, token, error);
	if (request->who == NULL)
		return LIMIT_UNDECIDED;
	body = json_pack("{s:s,s:o,s:b,s:I}", "token", token, "user", view_text(request->who->user),
			 "admin", request->who->admin, "expires_at",
			 (json_int_t)core_login_ends(core_options(core), now, now));
	if (json_array_size(messages) > 0)
		json_object_set(body, "messages", messages);
	reply_json(request, 200, body);
	cookie = guard_cookie(token);
	reply_header(request, "Set-Cookie", cookie);
	return LIMIT_ACCEPTED;
}

/* Hands PAM's questions to the person; takes the login. */
static gboolean ask(Request *request, Login *login, json_t *messages, GError **error)
{
	json_t *body = json_pack("{s:s,s:O}", "conversation", login->id, "prompts", messages);

	add_prompts(json_object_get(body, "prompts"), conversation_prompts(login->conversation),
		    ALL);
	if (!logins_put(request->services->logins, login, error)) {
		json_decref(body);
		return FALSE;
	}
	reply_json(request, 202, body);
	return TRUE;
}

/* One round of a login; takes the login. False with an error, or a reply is ready. */
static gboolean run_round(Request *request, Login *login, const char *password,
			  LimitVerdict *verdict, GError **error)
{
	g_autoptr(Login) ours = login;
	g_autoptr(json_t) messages = json_array();

	if (!advance(ours->conversation, password, messages, error))
		return FALSE;
	switch (conversation_state(ours->conversation)) {
	case CONVERSATION_ASKS: return ask(request, g_steal_pointer(&ours), messages, error);
	case CONVERSATION_REFUSED: *verdict = refuse(request, ours->user, messages); return TRUE;
	case CONVERSATION_ACCEPTED:
		*verdict = accept_login(request, ours->conversation, messages, error);
		return *verdict == LIMIT_ACCEPTED;
	}
	g_assert_not_reached();
}

/* NULL: the reply (429) is ready, or there is an error. */
static LimitAttempt *begin(Request *request, const char *user, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *words = NULL;
	LimitAttempt *attempt;
	char seconds[16];

	attempt = limit_begin(request->services->limit, request->peer, user, limit_now(), &why);
	if (attempt != NULL)
		return attempt;
	if (fault_wait(why) == 0) {
		g_propagate_error(error, g_steal_pointer(&why));
		return NULL;
	}
	g_snprintf(seconds, sizeof(seconds), "%u", fault_wait(why));
	words = fault_words(why);
	reply_refuse(request, 429, "busy", words);
	reply_header(request, "Retry-After", seconds);
	request->reply.cause = g_error_new_literal(FAULT, FAULT_DENIED, why->message);
	return NULL;
}

static void end(Request *request, LimitAttempt *attempt, const char *user, LimitVerdict verdict)
{
	unsigned wait = limit_end(attempt, verdict, limit_now());

	if (verdict == LIMIT_REFUSED)
		core_login_refused(request->services->core, user, request->peer, wait);
}

gboolean handle_login(Request *request, GError **error)
{
	g_autoptr(json_t) root = NULL;
	const char *user = NULL, *password = NULL;
	LimitVerdict verdict = LIMIT_UNDECIDED;
	Conversation *conversation;
	LimitAttempt *attempt;
	gboolean answered = FALSE;

	if (!request_json(request, &root, error, "{s:s,s?:s}", "user", &user, "password",
			  &password))
		return FALSE;
	if (*user == '\0' || strlen(user) > USER_MAX ||
	    (password != NULL && strlen(password) > ANSWER_MAX)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "user or password is empty or too long");
		return FALSE;
	}
	attempt = begin(request, user, error);
	if (attempt == NULL)
		return request->reply.status != 0;
	conversation = conversation_start(core_options(request->services->core)->auth, user,
					  request->peer, error);
	if (conversation != NULL)
		answered = run_round(request, login_new(user, request->peer, conversation),
				     password, &verdict, error);
	end(request, attempt, user, verdict);
	return answered;
}

/* The texts of the array, owned by it; NULL with an error if it does not fit the questions. */
static char **read_answers(json_t *array, unsigned wanted, GError **error)
{
	g_autofree char **answers = g_new0(char *, wanted + 1);

	for (unsigned i = 0; i < wanted; i++) {
		const char *answer = json_string_value(json_array_get(array, i));

		if (answer == NULL || strlen(answer) > ANSWER_MAX)
			break;
		answers[i] = (char *)answer;
	}
	if (json_array_size(array) == wanted && (wanted == 0 || answers[wanted - 1] != NULL))
		return g_steal_pointer(&answers);
	g_set_error(error, FAULT, FAULT_CLIENT, "this round wants %u answers, each a text", wanted);
	return NULL;
}

/* The answers of this round, then whatever PAM says next; takes the login. */
static gboolean give_answers(Request *request, Login *login, json_t *array, LimitVerdict *verdict,
			     GError **error)
{
	g_autoptr(Login) ours = login;
	PromptKind kind;
	unsigned wanted = wanted_answers(conversation_prompts(ours->conversation), &kind);
	g_autofree char **answers = read_answers(array, wanted, error);

	/* A slip of the program, not of the person: the questions still stand. */
	if (answers == NULL) {
		logins_put(request->services->logins, g_steal_pointer(&ours), NULL);
		return FALSE;
	}
	if (!conversation_answer(ours->conversation, answers, error))
		return FALSE;
	return run_round(request, g_steal_pointer(&ours), NULL, verdict, error);
}

gboolean handle_login_answer(Request *request, GError **error)
{
	LimitVerdict verdict = LIMIT_UNDECIDED;
	g_autoptr(json_t) root = NULL;
	g_autofree char *user = NULL;
	g_autoptr(Login) login = NULL;
	json_t *answers = NULL;
	LimitAttempt *attempt;
	gboolean answered;

	if (!request_json(request, &root, error, "{s:o}", "answers", &answers))
		return FALSE;
	if (!json_is_array(answers)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "answers must be an array");
		return FALSE;
	}
	login = logins_take(request->services->logins, request->args[0], request->peer);
	if (login == NULL) {
		reply_refuse(request, 401, "denied", "This login has ended. Please begin again.");
		return TRUE;
	}
	user = g_strdup(login->user);
	attempt = begin(request, user, error);
	if (attempt == NULL) {
		/* Later is fine: the questions still stand. */
		logins_put(request->services->logins, g_steal_pointer(&login), NULL);
		return request->reply.status != 0;
	}
	answered = give_answers(request, g_steal_pointer(&login), answers, &verdict, error);
	end(request, attempt, user, verdict);
	return answered;
}

gboolean handle_login_cancel(Request *request, GError **error)
{
	g_autoptr(Login)
		login = logins_take(request->services->logins, request->args[0], request->peer);

	if (login == NULL) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "no such login under way");
		return FALSE;
	}
	reply_empty(request, 204);
	return TRUE;
}

gboolean handle_session(Request *request, GError **error)
{
	reply_json(request, 200,
		   json_pack("{s:o,s:b}", "user", view_text(request->who->user), "admin",
			     request->who->admin));
	return TRUE;
}
