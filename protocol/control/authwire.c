/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authwire: see authwire.h. */
#include "control/authwire.h"

#include <string.h>

#include "control/jsonframe.h"
#include "fault.h"
#include "secret.h"

static const char *const type_names[] = {[AUTH_BEGIN] = "begin",
					 [AUTH_ASK] = "prompts",
					 [AUTH_ANSWERS] = "answers",
					 [AUTH_ACCEPTED] = "accepted",
					 [AUTH_REFUSED] = "refused"};

static const char *const kind_names[] = {[AUTH_SECRET] = "secret",
					 [AUTH_VISIBLE] = "visible",
					 [AUTH_INFO] = "info",
					 [AUTH_ERROR] = "error"};

AuthPrompt *auth_prompt_new(AuthKind kind, const char *text)
{
	AuthPrompt *prompt = g_new(AuthPrompt, 1);

	prompt->kind = kind;
	prompt->text = g_strdup(text);
	return prompt;
}

void auth_prompt_free(AuthPrompt *prompt)
{
	if (prompt != NULL)
		g_free(prompt->text);
	g_free(prompt);
}

GPtrArray *auth_prompts_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)auth_prompt_free);
}

unsigned auth_prompts_asking(const GPtrArray *prompts)
{
	unsigned asking = 0;

	for (guint i = 0; i < prompts->len; i++) {
		const AuthPrompt *prompt = prompts->pdata[i];

		asking += prompt->kind == AUTH_SECRET || prompt->kind == AUTH_VISIBLE;
	}
	return asking;
}

void auth_clear(AuthMessage *message)
{
	g_free(message->user);
	g_free(message->peer);
	g_clear_pointer(&message->prompts, g_ptr_array_unref);
	for (char **answer = message->answers; answer && *answer; answer++)
		secret_free(*answer);
	g_free(message->answers);
	g_strfreev(message->groups);
	memset(message, 0, sizeof *message);
}

/* ---- encoding */

static json_t *encode_list(char **texts, guint limit, gsize max)
{
	json_t *list = json_array();

	g_assert(texts != NULL && g_strv_length(texts) <= limit);
	for (; *texts != NULL; texts++)
		json_array_append_new(list, jsonframe_string(*texts, max));
	return list;
}

static json_t *encode_prompts(const GPtrArray *prompts)
{
	json_t *list = json_array();

	g_assert(prompts != NULL && prompts->len <= AUTH_PROMPTS);
	for (guint i = 0; i < prompts->len; i++) {
		const AuthPrompt *prompt = prompts->pdata[i];
		json_t *item = json_object();

		json_object_set_new(item, "kind", json_string(kind_names[prompt->kind]));
		json_object_set_new(item, "text", jsonframe_string(prompt->text, AUTH_TEXT));
		json_array_append_new(list, item);
	}
	return list;
}

GByteArray *auth_encode(const AuthMessage *m)
{
	json_t *object = json_object();

	json_object_set_new(object, "type", json_string(type_names[m->type]));
	if (m->type == AUTH_BEGIN || m->type == AUTH_ACCEPTED)
		json_object_set_new(object, "user", jsonframe_string(m->user, AUTH_TEXT));
	if (m->type == AUTH_BEGIN)
		json_object_set_new(object, "peer", jsonframe_string(m->peer, AUTH_TEXT));
	if (m->type == AUTH_ASK || m->type == AUTH_ACCEPTED)
		json_object_set_new(object, "prompts", encode_prompts(m->prompts));
	if (m->type == AUTH_ANSWERS)
		json_object_set_new(object, "answers",
				    encode_list(m->answers, AUTH_PROMPTS, AUTH_ANSWER));
	if (m->type == AUTH_ACCEPTED)
		json_object_set_new(object, "groups",
				    encode_list(m->groups, AUTH_GROUPS, AUTH_NAME));
	return jsonframe_encode(object, AUTH_MAX);
}

/* ---- decoding */

static gboolean decode_text(const json_t *object, const char *key, char **out)
{
	const char *text = jsonframe_text(json_object_get(object, key), AUTH_TEXT);

	*out = g_strdup(text);
	return text != NULL;
}

/* The texts are made as secrets, which any free() can take. */
static gboolean decode_list(const json_t *list, gsize limit, gsize max, char ***out)
{
	gsize n = json_array_size(list);

	if (!json_is_array(list) || n > limit)
		return FALSE;
	*out = g_new0(char *, n + 1);
	for (gsize i = 0; i < n; i++) {
		const char *text = jsonframe_text(json_array_get(list, i), max);

		if (text == NULL)
			return FALSE;
		(*out)[i] = secret_dup(text);
	}
	return TRUE;
}

static gboolean decode_prompts(const json_t *list, GPtrArray **out)
{
	gsize n = json_array_size(list);

	if (!json_is_array(list) || n > AUTH_PROMPTS)
		return FALSE;
	*out = auth_prompts_new();
	for (gsize i = 0; i < n; i++) {
		const json_t *item = json_array_get(list, i);
		const char *text = jsonframe_text(json_object_get(item, "text"), AUTH_TEXT);
		const char *name = jsonframe_text(json_object_get(item, "kind"), AUTH_TEXT);
		unsigned kind = 0;

		while (kind < G_N_ELEMENTS(kind_names) && g_strcmp0(name, kind_names[kind]) != 0)
			kind++;
		if (text == NULL || kind == G_N_ELEMENTS(kind_names) || json_object_size(item) != 2)
			return FALSE;
		g_ptr_array_add(*out, auth_prompt_new((AuthKind)kind, text));
	}
	return TRUE;
}

/* `keys`: how many the type has; all of them must be there. */
static gboolean decode_type(const json_t *object, AuthMessage *to)
{
	gsize keys = 0;
	gboolean good = FALSE;

	switch (to->type) {
	case AUTH_BEGIN:
		keys = 3;
		good = decode_text(object, "user", &to->user) &&
		       decode_text(object, "peer", &to->peer);
		break;
	case AUTH_ASK:
		keys = 2;
		good = decode_prompts(json_object_get(object, "prompts"), &to->prompts) &&
		       auth_prompts_asking(to->prompts) > 0;
		break;
	case AUTH_ANSWERS:
		keys = 2;
		good = decode_list(json_object_get(object, "answers"), AUTH_PROMPTS, AUTH_ANSWER,
				   &to->answers);
		break;
	case AUTH_ACCEPTED:
		keys = 4;
		good = decode_text(object, "user", &to->user) &&
		       decode_prompts(json_object_get(object, "prompts"), &to->prompts) &&
		       auth_prompts_asking(to->prompts) == 0 &&
		       decode_list(json_object_get(object, "groups"), AUTH_GROUPS, AUTH_NAME,
				   &to->groups);
		break;
	case AUTH_REFUSED:
		keys = 1;
		good = TRUE;
		break;
	}
	return good && json_object_size(object) == keys;
}

gssize auth_decode(const void *bytes, gsize n, AuthMessage *out, GError **error)
{
	g_auto(AuthMessage) message = {0};
	json_t *object = NULL;
	gssize used = jsonframe_decode(bytes, n, AUTH_MAX, &object, error);
	const char *name;
	unsigned type = 0;

	if (used <= 0)
		return used;
	name = jsonframe_text(json_object_get(object, "type"), AUTH_TEXT);
	while (type < G_N_ELEMENTS(type_names) && g_strcmp0(name, type_names[type]) != 0)
		type++;
	message.type = (AuthType)type;
	if (type == G_N_ELEMENTS(type_names) || !decode_type(object, &message)) {
		g_set_error(error, FAULT, FAULT_BROKER, "a login message that is not one");
		used = -1;
	}
	json_decref(object);
	if (used > 0) {
		*out = message;
		memset(&message, 0, sizeof message);
	}
	return used;
}
