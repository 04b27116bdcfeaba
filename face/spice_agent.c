/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_agent: see spice_agent.h. */
#include "spice_agent.h"

#include "face.h"
#include "secret.h"

#include <string.h>

#include <spice/vd_agent.h>

#define CHUNK   sizeof(VDIChunkHeader)
#define MESSAGE sizeof(VDAgentMessage)
#define LONGEST (FACE_MAX_TEXT + 64) /* a message's data */
#define WAITING (2 * LONGEST)        /* bytes that the client has not taken */

struct SpiceAgent {
	GByteArray *in;      /* of the message that is coming: its head and data */
	guint8 chunk[CHUNK]; /* the piece's head ... */
	gsize chunk_have;
	guint32 chunk_left; /* ... and how much of it is to come */
	guint64 skip;       /* bytes of a message that is passed over */
	GByteArray *out;
	char *offered;
	SpiceAgentClipboard clipboard;
	gpointer owner;
};

static void wipe(GByteArray *bytes)
{
	secret_wipe(bytes->data, bytes->len);
	g_byte_array_set_size(bytes, 0);
}

SpiceAgent *spice_agent_new(SpiceAgentClipboard clipboard, gpointer owner)
{
	SpiceAgent *agent = g_new0(SpiceAgent, 1);

	agent->in = g_byte_array_new();
	agent->out = g_byte_array_new();
	agent->clipboard = clipboard;
	agent->owner = owner;
	return agent;
}

void spice_agent_reset(SpiceAgent *agent)
{
	wipe(agent->in);
	wipe(agent->out);
	agent->chunk_have = 0;
	agent->chunk_left = 0;
	agent->skip = 0;
}

void spice_agent_free(SpiceAgent *agent)
{
	if (agent == NULL)
		return;
	spice_agent_reset(agent);
	g_byte_array_unref(agent->in);
	g_byte_array_unref(agent->out);
	secret_free(agent->offered);
	g_free(agent);
}

/* ---- to the client */

static void append_words(GByteArray *bytes, const guint32 *words, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		guint32 word = GUINT32_TO_LE(words[i]);

		g_byte_array_append(bytes, (const guint8 *)&word, sizeof word);
	}
}

/* In pieces, as the protocol wants them. Not to a client that asks on and takes nothing. */
static void say(SpiceAgent *agent, guint32 type, const void *data, gsize n)
{
	const guint32 head[] = {VD_AGENT_PROTOCOL, type, 0, 0, (guint32)n};
	g_autoptr(GByteArray) message = NULL;

	if (agent->out->len > WAITING)
		return;
	message = g_byte_array_sized_new((guint)(MESSAGE + n));
	append_words(message, head, G_N_ELEMENTS(head));
	g_byte_array_append(message, data, (guint)n);
	for (guint at = 0; at < message->len;) {
		guint32 piece = MIN(message->len - at, VD_AGENT_MAX_DATA_SIZE);

		append_words(agent->out, (const guint32[]){VDP_CLIENT_PORT, piece}, 2);
		g_byte_array_append(agent->out, message->data + at, piece);
		at += piece;
	}
	secret_wipe(message->data, message->len);
}

static void say_words(SpiceAgent *agent, guint32 type, const guint32 *words, gsize n)
{
	g_autoptr(GByteArray) data = g_byte_array_new();

	append_words(data, words, n);
	say(agent, type, data->data, data->len);
}

gsize spice_agent_give(SpiceAgent *agent, void *to, gsize n)
{
	n = MIN(n, agent->out->len);
	if (n == 0)
		return 0;
	memcpy(to, agent->out->data, n);
	secret_wipe(agent->out->data, n);
	g_byte_array_remove_range(agent->out, 0, (guint)n);
	return n;
}

void spice_agent_offer(SpiceAgent *agent, const char *text)
{
	secret_free(agent->offered);
	agent->offered = secret_dup(text);
	say_words(agent, VD_AGENT_CLIPBOARD_GRAB, (const guint32[]){VD_AGENT_CLIPBOARD_UTF8_TEXT},
		  1);
}

/* ---- from the client */

static guint32 word_at(const GByteArray *bytes, gsize at)
{
	guint32 word;

	memcpy(&word, bytes->data + at, sizeof word);
	return GUINT32_FROM_LE(word);
}

static void answer_capabilities(SpiceAgent *agent)
{
	static const guint32 can[] = {
		0, /* no answer wanted */
		1u << VD_AGENT_CAP_MONITORS_CONFIG | 1u << VD_AGENT_CAP_REPLY |
			1u << VD_AGENT_CAP_CLIPBOARD_BY_DEMAND |
			1u << VD_AGENT_CAP_SPARSE_MONITORS_CONFIG |
			1u << VD_AGENT_CAP_FILE_XFER_DISABLED,
	};

	say_words(agent, VD_AGENT_ANNOUNCE_CAPABILITIES, can, G_N_ELEMENTS(can));
}

/* Whatever else it has, we ask for text. */
static void take_grab(SpiceAgent *agent, gsize n)
{
	for (gsize i = 0; i + 4 <= n; i += 4) {
		const guint32 text[] = {VD_AGENT_CLIPBOARD_UTF8_TEXT};

		if (word_at(agent->in, MESSAGE + i) != text[0])
			continue;
		say_words(agent, VD_AGENT_CLIPBOARD_REQUEST, text, 1);
		return;
	}
}

static void take_clipboard(SpiceAgent *agent, gsize n)
{
	char *text;

	if (n < 4 || word_at(agent->in, MESSAGE) != VD_AGENT_CLIPBOARD_UTF8_TEXT)
		return;
	text = secret_ndup((const char *)agent->in->data + MESSAGE + 4, n - 4);
	if (g_utf8_validate(text, -1, NULL))
		agent->clipboard(agent->owner, text);
	secret_free(text);
}

static void give_clipboard(SpiceAgent *agent)
{
	g_autoptr(GByteArray) data = g_byte_array_new();

	append_words(data, (const guint32[]){VD_AGENT_CLIPBOARD_UTF8_TEXT}, 1);
	if (agent->offered != NULL)
		g_byte_array_append(data, (const guint8 *)agent->offered,
				    (guint)strlen(agent->offered));
	say(agent, VD_AGENT_CLIPBOARD, data->data, data->len);
	secret_wipe(data->data, data->len);
}

static void take_message(SpiceAgent *agent)
{
	gsize n = agent->in->len - MESSAGE;

	switch (word_at(agent->in, 4)) {
	case VD_AGENT_ANNOUNCE_CAPABILITIES:
		if (n >= 4 && word_at(agent->in, MESSAGE) != 0)
			answer_capabilities(agent);
		break;
	case VD_AGENT_CLIPBOARD_GRAB: take_grab(agent, n); break;
	case VD_AGENT_CLIPBOARD: take_clipboard(agent, n); break;
	case VD_AGENT_CLIPBOARD_REQUEST: give_clipboard(agent); break;
	default: break;
	}
}

/* Bytes of messages, without the heads of pieces. Returns how many were used. */
static gsize take_some(SpiceAgent *agent, const guint8 *bytes, gsize n)
{
	gsize want;

	if (agent->skip > 0) {
		n = (gsize)MIN(agent->skip, n);
		agent->skip -= n;
		return n;
	}
	want = MESSAGE;
	if (agent->in->len >= MESSAGE)
		want += word_at(agent->in, 16);
	n = MIN(n, want - agent->in->len);
	g_byte_array_append(agent->in, bytes, (guint)n);
	if (agent->in->len == MESSAGE && want == MESSAGE) {
		guint32 length = word_at(agent->in, 16);

		if (length > LONGEST) {
			agent->skip = length;
			wipe(agent->in);
			return n;
		}
		want += length;
	}
	if (agent->in->len == want) {
		take_message(agent);
		wipe(agent->in);
	}
	return n;
}

void spice_agent_take(SpiceAgent *agent, const void *bytes, gsize n)
{
	const guint8 *at = bytes;

	while (n > 0) {
		gsize used;

		if (agent->chunk_left == 0) {
			guint32 size;

			agent->chunk[agent->chunk_have++] = *at++;
			n--;
			if (agent->chunk_have < CHUNK)
				continue;
			memcpy(&size, agent->chunk + 4, sizeof size);
			agent->chunk_left = GUINT32_FROM_LE(size);
			agent->chunk_have = 0;
			continue;
		}
		used = take_some(agent, at, MIN(n, agent->chunk_left));
		agent->chunk_left -= (guint32)used;
		at += used;
		n -= used;
	}
}
