/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control: see control.h. Two tables say everything: which keys there are and which types must or
 * may have them (jsonfields.h). Below them the few rules that a table cannot say.
 */
#include "control/control.h"

#include <string.h>

#include "control/jsonfields.h"
#include "control/jsonframe.h"
#include "fault.h"
#include "secret.h"

typedef enum {
	KIND_TEXT,
	KIND_SECRET,
	KIND_CA,      /* a longer text                  */
	KIND_CLIENT,  /* a text: the client's protocol  */
	KIND_DISPLAY, /* a text: the desktop's protocol */
	KIND_FAULT,   /* a text: a name of FaultInfo    */
	KIND_BOOL,
	KIND_U16,
	KIND_U32,
	KIND_U64, /* up to 2^63 - 1: jansson's integers are signed */
	KIND_ENDPOINT,
	KIND_COUNTS, /* up to COUNTS_N numbers; more are a newer gateway's, and left out */
} Kind;

#define BIT(name) (1u << CONTROL_##name)
#define ANSWERED                                                                      \
	(BIT(HELLO) | BIT(REDEEM) | BIT(LOGIN) | BIT(LOBBY) | BIT(JOIN) | BIT(DIAL) | \
	 BIT(LINKED) | BIT(ENDED))
#define ANSWERS (BIT(LEASE) | BIT(REFUSE) | BIT(OK))
#define OF_LEASE                                                                          \
	(BIT(DIAL) | BIT(LINKED) | BIT(STARTED) | BIT(ENDED) | BIT(ACTIVE) | BIT(LEASE) | \
	 BIT(END) | BIT(MOVE) | BIT(CLIENT))
#define ASKS     (BIT(REDEEM) | BIT(LOGIN) | BIT(LOBBY) | BIT(JOIN))
#define REASONED (BIT(REFUSE) | BIT(ENDED) | BIT(END))

/* Every program's JSON carries it, and sums stay in 64 bits. */
#define COUNT_MAX  ((guint64)1 << 53)
#define COUNTS_MAX 256 /* numbers in a message, from however new a gateway */

/* clang-format off */
#define FIELD(key, kind, must, may) {#key, kind, G_STRUCT_OFFSET(ControlMessage, key), must, may}
/* clang-format on */
static const JsonField message_list[] = {
	FIELD(id, KIND_U64, ANSWERED | ANSWERS, 0),
	FIELD(gateway, KIND_TEXT, BIT(HELLO), 0),
	FIELD(ticket, KIND_SECRET, BIT(REDEEM), BIT(JOIN) | BIT(LOBBY)),
	FIELD(user, KIND_TEXT, BIT(LOGIN), BIT(JOIN) | BIT(LEASE) | BIT(MOVE)),
	FIELD(password, KIND_SECRET, BIT(LOGIN), BIT(JOIN)),
	FIELD(desktop, KIND_TEXT, 0, BIT(LOGIN) | BIT(LEASE) | BIT(MOVE)),
	FIELD(protocol, KIND_CLIENT, BIT(REDEEM) | BIT(LOGIN) | BIT(LOBBY), 0),
	FIELD(peer, KIND_TEXT, ASKS, 0),
	FIELD(lease, KIND_TEXT, OF_LEASE, BIT(LOBBY)),
	FIELD(to, KIND_TEXT, BIT(MOVE), BIT(ENDED)),
	FIELD(bond, KIND_SECRET, BIT(FOLLOW), BIT(LEASE) | BIT(JOIN) | BIT(LOBBY)),
	FIELD(client_id, KIND_U32, BIT(JOIN), BIT(LEASE)),
	FIELD(backend_id, KIND_U32, BIT(LINKED), BIT(LEASE)),
	FIELD(channel, KIND_TEXT, BIT(JOIN), BIT(ENDED)),
	FIELD(endpoint, KIND_ENDPOINT, BIT(MOVE), BIT(LEASE)),
	FIELD(fault, KIND_FAULT, REASONED, BIT(FOLLOW)),
	FIELD(reason, KIND_TEXT, 0, REASONED),
	FIELD(wait, KIND_U32, 0, BIT(REFUSE)),
	FIELD(step, KIND_TEXT, BIT(ENDED), 0),
	FIELD(bytes_in, KIND_U64, BIT(ENDED), 0),
	FIELD(bytes_out, KIND_U64, BIT(ENDED), 0),
	FIELD(milliseconds, KIND_U64, BIT(ENDED) | BIT(ACTIVE), 0),
	FIELD(round_trip, KIND_U64, 0, BIT(ACTIVE)),
	FIELD(again, KIND_BOOL, 0, BIT(ENDED) | BIT(MOVE)),
	FIELD(counts, KIND_COUNTS, BIT(COUNTS), 0),
};
#undef FIELD

/* Here `must` and `may` are JSONFIELDS_ONE or 0. */
/* clang-format off */
#define FIELD(key, kind, must) {#key, kind, G_STRUCT_OFFSET(Endpoint, key), must, !(must)}
/* clang-format on */
static const JsonField endpoint_list[] = {
	FIELD(protocol, KIND_DISPLAY, 1), FIELD(has_fd, KIND_BOOL, 0),
	FIELD(host, KIND_TEXT, 0),        FIELD(port, KIND_U16, 0),
	FIELD(tls, KIND_BOOL, 0),         FIELD(ca, KIND_CA, 0),
	FIELD(username, KIND_TEXT, 0),    FIELD(password, KIND_SECRET, 0),
};
#undef FIELD

static json_t *encode_value(const JsonField *field, const void *at);
static gboolean decode_value(const JsonField *field, const json_t *value, void *to, GError **error);

static const JsonFields message_fields = {message_list, G_N_ELEMENTS(message_list), encode_value,
					  decode_value};
static const JsonFields endpoint_fields = {endpoint_list, G_N_ELEMENTS(endpoint_list), encode_value,
					   decode_value};

static const char *const type_names[] = {
	[CONTROL_HELLO] = "hello",   [CONTROL_REDEEM] = "redeem",   [CONTROL_LOGIN] = "login",
	[CONTROL_LOBBY] = "lobby",   [CONTROL_JOIN] = "join",       [CONTROL_DIAL] = "dial",
	[CONTROL_LINKED] = "linked", [CONTROL_STARTED] = "started", [CONTROL_ENDED] = "ended",
	[CONTROL_LEASE] = "lease",   [CONTROL_REFUSE] = "refuse",   [CONTROL_OK] = "ok",
	[CONTROL_END] = "end",       [CONTROL_MOVE] = "move",       [CONTROL_ACTIVE] = "active",
	[CONTROL_COUNTS] = "counts", [CONTROL_CLIENT] = "client",   [CONTROL_FOLLOW] = "follow",
};

const char *control_type_name(ControlType type)
{
	g_assert((unsigned)type < G_N_ELEMENTS(type_names));
	return type_names[type];
}

char *control_bond_name(const char *bond)
{
	return g_strndup(bond, CONTROL_BOND_NAME);
}

gboolean control_bond_is(const char *bond, const char *name)
{
	return bond != NULL && strncmp(bond, name, CONTROL_BOND_NAME) == 0;
}

static gsize text_max(Kind kind)
{
	return kind == KIND_CA ? CONTROL_CA : CONTROL_TEXT;
}

/* Rules between fields. NULL = kept, else what is wrong. */
static const char *endpoint_wrong(const Endpoint *e)
{
	if (e->has_fd && (e->host != NULL || e->port != 0))
		return "a descriptor and an address";
	if (!e->has_fd && (e->host == NULL || e->port == 0))
		return "neither descriptor nor address";
	return NULL;
}

static const char *join_wrong(const ControlMessage *m)
{
	gboolean user = m->user != NULL, password = m->password != NULL;

	if (user != password || (m->ticket == NULL) + (m->bond == NULL) + !user != 2)
		return "not one of ticket, login and bond";
	return NULL;
}

static gboolean bond_valid(const ControlMessage *m)
{
	gsize n = m->type == CONTROL_FOLLOW ? CONTROL_BOND_NAME : CONTROL_BOND;

	return strlen(m->bond) == n && strspn(m->bond, "0123456789abcdef") == n;
}

static const char *message_wrong(const ControlMessage *m)
{
	if (m->bond != NULL && !bond_valid(m))
		return "a bad bond";
	if (m->type == CONTROL_JOIN)
		return join_wrong(m);
	return m->endpoint.protocol != NULL ? endpoint_wrong(&m->endpoint) : NULL;
}

/* ---- encoding */

static json_t *encode_counts(const guint64 *counts)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < COUNTS_N; i++)
		json_array_append_new(array, json_integer((json_int_t)MIN(counts[i], COUNT_MAX)));
	return array;
}

/* NULL: the field is not set. */
static json_t *encode_value(const JsonField *field, const void *at)
{
	guint64 number = 0;

	switch ((Kind)field->kind) {
	case KIND_TEXT:
	case KIND_SECRET:
	case KIND_CA:
	case KIND_CLIENT:
	case KIND_DISPLAY:
	case KIND_FAULT: {
		const char *text = *(char *const *)at;

		return text ? jsonframe_string(text, text_max((Kind)field->kind)) : NULL;
	}
	case KIND_ENDPOINT: {
		const Endpoint *endpoint = at;

		return endpoint->protocol ? jsonfields_encode(&endpoint_fields, at, JSONFIELDS_ONE)
					  : NULL;
	}
	case KIND_COUNTS: return encode_counts(at);
	case KIND_BOOL: return *(const gboolean *)at ? json_true() : NULL;
	case KIND_U16: number = *(const guint16 *)at; break;
	case KIND_U32: number = *(const guint32 *)at; break;
	case KIND_U64: number = MIN(*(const guint64 *)at, (guint64)G_MAXINT64); break;
	}
	return number || field->must ? json_integer((json_int_t)number) : NULL;
}

GByteArray *control_encode(const ControlMessage *message)
{
	json_t *object;

	g_assert(message_wrong(message) == NULL);
	object = jsonfields_encode(&message_fields, message, 1u << message->type);
	json_object_set_new(object, "type", json_string(control_type_name(message->type)));
	return jsonframe_encode(object, CONTROL_MAX);
}

void control_wipe(GByteArray *bytes)
{
	jsonframe_wipe(bytes);
}

/* ---- decoding */

static gboolean text_valid(Kind kind, const char *text)
{
	Fault code;

	switch (kind) {
	case KIND_CLIENT:
		return strcmp(text, "web") == 0 || strcmp(text, "vnc") == 0 ||
		       strcmp(text, "spice") == 0;
	case KIND_DISPLAY:
		return strcmp(text, "vnc") == 0 || strcmp(text, "spice") == 0 ||
		       strcmp(text, "rdp") == 0;
	case KIND_FAULT: return fault_from_name(text, &code);
	default: return TRUE;
	}
}

static gboolean decode_text(Kind kind, const json_t *value, char **to)
{
	const char *text = jsonframe_text(value, text_max(kind));

	if (text == NULL || !text_valid(kind, text))
		return FALSE;
	*to = kind == KIND_SECRET ? secret_dup(text) : g_strdup(text);
	return TRUE;
}

static gboolean decode_counts(const json_t *array, guint64 *to)
{
	gsize n = json_array_size(array);

	for (gsize i = 0; i < n; i++) {
		const json_t *value = json_array_get(array, i);
		json_int_t number = json_integer_value(value);

		if (!json_is_integer(value) || number < 0 || (guint64)number > COUNT_MAX)
			return FALSE;
		if (i < COUNTS_N)
			to[i] = (guint64)number;
	}
	return json_is_array(array) && n <= COUNTS_MAX;
}

static gboolean decode_value(const JsonField *field, const json_t *value, void *to, GError **error)
{
	json_int_t number;

	switch ((Kind)field->kind) {
	case KIND_BOOL: *(gboolean *)to = json_is_true(value); return json_is_boolean(value);
	case KIND_ENDPOINT:
		return json_is_object(value) &&
		       jsonfields_decode(&endpoint_fields, value, JSONFIELDS_ONE, 0, to, error);
	case KIND_COUNTS: return decode_counts(value, to);
	case KIND_U16:
	case KIND_U32:
	case KIND_U64: break;
	default: return decode_text((Kind)field->kind, value, to);
	}

	number = json_integer_value(value);
	if (!json_is_integer(value) || number < 0)
		return FALSE;
	if (field->kind == KIND_U64) {
		*(guint64 *)to = (guint64)number;
	} else if (field->kind == KIND_U32) {
		*(guint32 *)to = (guint32)number;
		return number <= G_MAXUINT32;
	} else {
		*(guint16 *)to = (guint16)number;
		return number <= G_MAXUINT16;
	}
	return TRUE;
}

static gboolean decode_object(const json_t *object, ControlMessage *to, GError **error)
{
	unsigned type = jsonfields_type(object, type_names, G_N_ELEMENTS(type_names));
	const char *wrong;

	if (type == G_N_ELEMENTS(type_names)) {
		g_set_error(error, FAULT, FAULT_BROKER, "no known type");
		return FALSE;
	}
	to->type = (ControlType)type;
	if (!jsonfields_decode(&message_fields, object, 1u << type, 1, to, error)) {
		g_prefix_error(error, "%s: ", type_names[type]);
		return FALSE;
	}
	wrong = message_wrong(to);
	if (wrong != NULL) {
		g_set_error(error, FAULT, FAULT_BROKER, "%s: %s", type_names[type], wrong);
		return FALSE;
	}
	return TRUE;
}

gssize control_decode(const void *bytes, gsize n, ControlMessage *out, GError **error)
{
	g_auto(ControlMessage) message = {0};
	json_t *object = NULL;
	gssize used = jsonframe_decode(bytes, n, CONTROL_MAX, &object, error);

	if (used <= 0)
		return used;
	if (!decode_object(object, &message, error))
		used = -1;
	json_decref(object);
	if (used > 0) {
		*out = message;
		memset(&message, 0, sizeof message);
	}
	return used;
}

/* ---- freeing */

static void clear_fields(const JsonFields *table, void *of)
{
	for (gsize i = 0; i < table->n; i++) {
		void *at = (char *)of + table->fields[i].offset;

		switch ((Kind)table->fields[i].kind) {
		case KIND_SECRET: secret_free(*(char **)at); break;
		case KIND_TEXT:
		case KIND_CA:
		case KIND_CLIENT:
		case KIND_DISPLAY:
		case KIND_FAULT: g_free(*(char **)at); break;
		case KIND_ENDPOINT: endpoint_clear(at); break;
		default: break;
		}
	}
}

void endpoint_clear(Endpoint *endpoint)
{
	clear_fields(&endpoint_fields, endpoint);
	memset(endpoint, 0, sizeof *endpoint);
}

void control_clear(ControlMessage *message)
{
	clear_fields(&message_fields, message);
	memset(message, 0, sizeof *message);
}
