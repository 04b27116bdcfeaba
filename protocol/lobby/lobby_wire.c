/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_wire: see lobby_wire.h. A table of a message's keys (jsonfields.h), and one of a desktop's
 * and a prompt's each. */
#include "lobby/lobby_wire.h"

#include <string.h>

#include "control/jsonfields.h"
#include "control/jsonframe.h"
#include "fault.h"
#include "secret.h"

typedef enum {
	KIND_TEXT,
	KIND_NAME,   /* a short text */
	KIND_SECRET, /* the user too: it is typed beside a password, and sometimes is one */
	KIND_BOOL,
	KIND_PERCENT,
	KIND_SECONDS,
	KIND_TIME,
	KIND_PROMPTS,
	KIND_DESKTOPS,
	KIND_ANSWERS,
} Kind;

#define BIT(name) (1u << LOBBY_##name)

/* clang-format off */
#define FIELD(key, kind, must, may) {#key, kind, G_STRUCT_OFFSET(LobbyMessage, key), must, may}
static const JsonField message_list[] = {
	FIELD(user, KIND_SECRET, BIT(LOGIN), BIT(OPEN)),
	FIELD(password, KIND_SECRET, BIT(LOGIN), 0),
	FIELD(text, KIND_TEXT, BIT(PROGRESS) | BIT(ERROR) | BIT(ENDING), BIT(OPEN)),
	FIELD(hint, KIND_TEXT, 0, BIT(OPEN) | BIT(ERROR)),
	FIELD(percent, KIND_PERCENT, BIT(PROGRESS), 0),
	FIELD(seconds, KIND_SECONDS, BIT(WARNING) | BIT(ENDING), 0),
	FIELD(extend, KIND_BOOL, BIT(WARNING) | BIT(ENDING), 0),
	FIELD(desktop, KIND_NAME, BIT(CHOOSE), 0),
	FIELD(prompts, KIND_PROMPTS, BIT(PROMPTS_ARE), 0),
	FIELD(desktops, KIND_DESKTOPS, BIT(DESKTOPS_ARE), 0),
	FIELD(answers, KIND_ANSWERS, BIT(ANSWERS), 0),
};
#undef FIELD

#define FIELD(key, kind) {#key, kind, G_STRUCT_OFFSET(LobbyPrompt, key), JSONFIELDS_ONE, 0}
static const JsonField prompt_list[] = {
	FIELD(text, KIND_TEXT), FIELD(question, KIND_BOOL),
	FIELD(echo, KIND_BOOL), FIELD(error, KIND_BOOL),
};
#undef FIELD

#define FIELD(key, kind) {#key, kind, G_STRUCT_OFFSET(LobbyDesktop, key), JSONFIELDS_ONE, 0}
static const JsonField desktop_list[] = {
	FIELD(id, KIND_NAME),    FIELD(name, KIND_NAME),      FIELD(pool, KIND_NAME),
	FIELD(state, KIND_NAME), FIELD(last_used, KIND_TIME),
};
#undef FIELD
/* clang-format on */

static json_t *encode_value(const JsonField *field, const void *at);
static gboolean decode_value(const JsonField *field, const json_t *value, void *to, GError **error);

#define TABLE(list)                                                  \
	{                                                            \
		list, G_N_ELEMENTS(list), encode_value, decode_value \
	}
static const JsonFields message_fields = TABLE(message_list);
static const JsonFields prompt_fields = TABLE(prompt_list);
static const JsonFields desktop_fields = TABLE(desktop_list);

static const char *const type_names[] = {
	[LOBBY_OPEN] = "open",           [LOBBY_CHANNEL] = "channel",
	[LOBBY_PROMPTS_ARE] = "prompts", [LOBBY_DESKTOPS_ARE] = "desktops",
	[LOBBY_PROGRESS] = "progress",   [LOBBY_ERROR] = "error",
	[LOBBY_WARNING] = "warning",     [LOBBY_ENDING] = "ending",
	[LOBBY_LOGIN] = "login",         [LOBBY_ANSWERS] = "answers",
	[LOBBY_CHOOSE] = "choose",       [LOBBY_CANCEL] = "cancel",
	[LOBBY_EXTEND] = "extend",       [LOBBY_SIGNOUT] = "signout",
};

const char *lobby_type_name(LobbyType type)
{
	g_assert((unsigned)type < G_N_ELEMENTS(type_names));
	return type_names[type];
}

/* ---- lists */

LobbyPrompt *lobby_prompt_new(const char *text, gboolean question, gboolean echo, gboolean error)
{
	LobbyPrompt *prompt = g_new(LobbyPrompt, 1);

	*prompt = (LobbyPrompt){g_strdup(text), question, echo, error};
	return prompt;
}

LobbyDesktop *lobby_desktop_new(const char *id, const char *name, const char *pool,
				const char *state, gint64 last_used)
{
	LobbyDesktop *desktop = g_new(LobbyDesktop, 1);

	*desktop = (LobbyDesktop){g_strdup(id), g_strdup(name), g_strdup(pool), g_strdup(state),
				  last_used};
	return desktop;
}

static void prompt_free(gpointer data)
{
	LobbyPrompt *prompt = data;

	g_free(prompt->text);
	g_free(prompt);
}

static void desktop_free(gpointer data)
{
	LobbyDesktop *desktop = data;

	g_free(desktop->id);
	g_free(desktop->name);
	g_free(desktop->pool);
	g_free(desktop->state);
	g_free(desktop);
}

GPtrArray *lobby_prompts_new(void)
{
	return g_ptr_array_new_with_free_func(prompt_free);
}

GPtrArray *lobby_desktops_new(void)
{
	return g_ptr_array_new_with_free_func(desktop_free);
}

static gsize text_max(Kind kind)
{
	return kind == KIND_TEXT ? LOBBY_TEXT : kind == KIND_NAME ? LOBBY_NAME : LOBBY_SECRET;
}

/* ---- encoding */

static json_t *encode_text(Kind kind, const char *text)
{
	g_autofree char *plain = NULL;

	if (kind == KIND_SECRET)
		return jsonframe_string(text, LOBBY_SECRET);
	plain = g_strndup(text, text_max(kind));
	for (char *at = plain; *at != '\0'; at++)
		if ((guchar)*at < ' ' && *at != '\n')
			*at = ' ';
	return jsonframe_string(plain, text_max(kind));
}

static json_t *encode_items(const GPtrArray *items, guint max, const JsonFields *fields)
{
	json_t *list = json_array();

	for (guint i = 0; i < MIN(items->len, max); i++)
		json_array_append_new(list,
				      jsonfields_encode(fields, items->pdata[i], JSONFIELDS_ONE));
	return list;
}

static json_t *encode_answers(char *const *answers)
{
	json_t *list = json_array();

	for (guint i = 0; i < LOBBY_PROMPTS && answers[i] != NULL; i++)
		json_array_append_new(list, jsonframe_string(answers[i], LOBBY_SECRET));
	return list;
}

/* NULL: the field is not set. */
static json_t *encode_value(const JsonField *field, const void *at)
{
	Kind kind = (Kind)field->kind;

	switch (kind) {
	case KIND_BOOL: return json_boolean(*(const gboolean *)at);
	case KIND_PERCENT: return json_integer(CLAMP(*(const int *)at, -1, 100));
	case KIND_SECONDS: return json_integer(CLAMP(*(const int *)at, 0, 86400));
	case KIND_TIME: return json_integer(MAX(*(const gint64 *)at, 0));
	default: break;
	}
	if (*(void *const *)at == NULL)
		return NULL;
	switch (kind) {
	case KIND_PROMPTS:
		return encode_items(*(GPtrArray *const *)at, LOBBY_PROMPTS, &prompt_fields);
	case KIND_DESKTOPS:
		return encode_items(*(GPtrArray *const *)at, LOBBY_DESKTOPS, &desktop_fields);
	case KIND_ANSWERS: return encode_answers(*(char **const *)at);
	default: return encode_text(kind, *(char *const *)at);
	}
}

GByteArray *lobby_encode(const LobbyMessage *message)
{
	json_t *object = jsonfields_encode(&message_fields, message, 1u << message->type);

	json_object_set_new(object, "type", json_string(lobby_type_name(message->type)));
	return jsonframe_dump(object, LOBBY_MAX);
}

/* ---- decoding */

/* Each item is owned by the list before it is filled, so a bad one is freed with it. */
static gboolean decode_items(const json_t *value, gsize max, GPtrArray *list, gsize size,
			     const JsonFields *fields)
{
	if (!json_is_array(value) || json_array_size(value) > max)
		return FALSE;
	for (gsize i = 0; i < json_array_size(value); i++) {
		g_ptr_array_add(list, g_malloc0(size));
		if (!jsonfields_decode(fields, json_array_get(value, i), JSONFIELDS_ONE, 0,
				       list->pdata[i], NULL))
			return FALSE;
	}
	return TRUE;
}

static gboolean decode_answers(const json_t *value, char ***out)
{
	gsize n = json_array_size(value);

	if (!json_is_array(value) || n > LOBBY_PROMPTS)
		return FALSE;
	*out = g_new0(char *, n + 1);
	for (gsize i = 0; i < n; i++) {
		(*out)[i] = secret_dup(jsonframe_text(json_array_get(value, i), LOBBY_SECRET));
		if ((*out)[i] == NULL)
			return FALSE;
	}
	return TRUE;
}

static gboolean decode_number(const json_t *value, json_int_t least, json_int_t most,
			      json_int_t *out)
{
	*out = json_integer_value(value);
	return json_is_integer(value) && *out >= least && *out <= most;
}

static gboolean decode_text(Kind kind, const json_t *value, char **out)
{
	const char *text = jsonframe_text(value, text_max(kind));

	*out = kind == KIND_SECRET ? secret_dup(text) : g_strdup(text);
	return text != NULL;
}

static gboolean decode_value(const JsonField *field, const json_t *value, void *to, GError **error)
{
	Kind kind = (Kind)field->kind;
	json_int_t number = 0;
	gboolean good = FALSE;

	switch (kind) {
	case KIND_BOOL: *(gboolean *)to = json_is_true(value); return json_is_boolean(value);
	case KIND_TIME:
		good = decode_number(value, 0, G_MAXINT64, &number);
		*(gint64 *)to = number;
		return good;
	case KIND_PERCENT:
	case KIND_SECONDS:
		good = kind == KIND_PERCENT ? decode_number(value, -1, 100, &number)
					    : decode_number(value, 0, 86400, &number);
		*(int *)to = (int)number;
		return good;
	case KIND_PROMPTS:
		*(GPtrArray **)to = lobby_prompts_new();
		return decode_items(value, LOBBY_PROMPTS, *(GPtrArray **)to, sizeof(LobbyPrompt),
				    &prompt_fields) &&
		       json_array_size(value) > 0;
	case KIND_DESKTOPS:
		*(GPtrArray **)to = lobby_desktops_new();
		return decode_items(value, LOBBY_DESKTOPS, *(GPtrArray **)to, sizeof(LobbyDesktop),
				    &desktop_fields);
	case KIND_ANSWERS: return decode_answers(value, to);
	default: return decode_text(kind, value, to);
	}
}

gboolean lobby_decode(const void *bytes, gsize n, LobbyMessage *out, GError **error)
{
	g_auto(LobbyMessage) message = {0};
	json_t *object = n <= LOBBY_MAX ? jsonframe_load(bytes, n, NULL) : NULL;
	unsigned type = jsonfields_type(object, type_names, G_N_ELEMENTS(type_names));
	gboolean good;

	message.type = (LobbyType)type;
	good = type < G_N_ELEMENTS(type_names) &&
	       jsonfields_decode(&message_fields, object, 1u << type, 1, &message, NULL);
	json_decref(object);
	if (!good) {
		message.type = LOBBY_OPEN;
		g_set_error(error, FAULT, FAULT_CLIENT, "a lobby's message that is not one");
		return FALSE;
	}
	*out = message;
	memset(&message, 0, sizeof message);
	return TRUE;
}

void lobby_clear(LobbyMessage *message)
{
	secret_free(message->user);
	secret_free(message->password);
	g_free(message->text);
	g_free(message->hint);
	g_free(message->desktop);
	g_clear_pointer(&message->prompts, g_ptr_array_unref);
	g_clear_pointer(&message->desktops, g_ptr_array_unref);
	for (char **answer = message->answers; answer && *answer; answer++)
		secret_free(*answer);
	g_free(message->answers);
	memset(message, 0, sizeof *message);
}
