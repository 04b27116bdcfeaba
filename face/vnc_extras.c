/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_extras: see vnc_extras.h. The formats are in the community's list of RFB extensions ("QEMU
 * Extended Key Event", "QEMU LED State", "QEMU Audio"). */
#include "vnc_extras.h"

#include "sound.h"

#include <poll.h>
#include <string.h>

#define EXTENDED_KEYS (-258)
#define SOUND         (-259)
#define LED_STATE     (-261)
#define QEMU_MESSAGE  255
#define KEY_EVENT     0
#define AUDIO         1

/* What an audio message is about, the client's and ours. */
enum { ENABLE = 0, DISABLE = 1, SET_FORMAT = 2 };
enum { END = 0, BEGIN = 1, DATA = 2 };

#define UNKNOWN G_MAXUINT

/* What a client wants, and knows. */
typedef struct {
	gboolean keys, keys_told;
	gboolean leds;
	guint leds_told; /* UNKNOWN: not yet */
	gboolean sound, sound_told;
	gboolean listens;
	gboolean plays; /* BEGIN was said, END was not */
	Sound *form;
} Wishes;

static VncExtrasKey hear_key;
static VncExtrasListens hear_listens;

/* FALSE: the client has gone, and what it wished is freed. */
static gboolean send_all(rfbClientPtr client, const guint8 *bytes, gsize n)
{
	if (rfbWriteExact(client, (const char *)bytes, (int)n) > 0)
		return TRUE;
	if (client->sock != RFB_INVALID_SOCKET)
		rfbCloseClient(client);
	return FALSE;
}

/* An update with one rectangle that has no pixels. Between two messages of the library's own: we
 * are called from its handling of the client's, or from the loop. */
static gboolean send_rectangle(rfbClientPtr client, gint32 encoding, const guint8 *data, gsize n)
{
	guint8 bytes[4 + 12 + 1] = {0};
	guint32 kind = GUINT32_TO_BE((guint32)encoding);

	g_assert(n <= 1);
	bytes[3] = 1;
	memcpy(bytes + 12, &kind, sizeof kind);
	if (n > 0)
		memcpy(bytes + 16, data, n);
	return send_all(client, bytes, 16 + n);
}

static rfbBool on_client(rfbClientPtr client, void **data)
{
	Wishes *wishes = g_new0(Wishes, 1);

	wishes->leds_told = UNKNOWN;
	wishes->form = sound_new();
	*data = wishes;
	return TRUE;
}

/* The library closes a client once more if it is asked to do something with one that has gone. */
static void on_gone(rfbClientPtr client, void *data)
{
	Wishes *wishes = data;

	if (wishes == NULL)
		return;
	for (rfbExtensionData *one = client->extensions; one != NULL; one = one->next) {
		if (one->data == data)
			one->data = NULL;
	}
	sound_free(wishes->form);
	g_free(wishes);
}

static rfbBool on_encoding(rfbClientPtr client, void **data, int encoding)
{
	Wishes *wishes = *data;

	wishes->keys |= encoding == EXTENDED_KEYS;
	wishes->leds |= encoding == LED_STATE;
	wishes->sound |= encoding == SOUND;
	return encoding == EXTENDED_KEYS || encoding == LED_STATE || encoding == SOUND;
}

static guint32 word(const guint8 *at)
{
	return (guint32)at[0] << 24 | (guint32)at[1] << 16 | (guint32)at[2] << 8 | at[3];
}

static gboolean send_audio(rfbClientPtr client, guint8 what, const guint8 *data, gsize n)
{
	guint8 head[8] = {QEMU_MESSAGE, AUDIO, 0, what};
	guint32 length = GUINT32_TO_BE((guint32)n);

	memcpy(head + 4, &length, sizeof length);
	return send_all(client, head, what == DATA ? 8 : 4) &&
	       (n == 0 || send_all(client, data, n));
}

static void be_still(rfbClientPtr client, Wishes *wishes)
{
	gboolean played = wishes->plays;

	wishes->plays = FALSE;
	if (played)
		send_audio(client, END, NULL, 0);
}

static gboolean read_key(rfbClientPtr client)
{
	guint8 rest[10];
	guint32 code;

	if (rfbReadExact(client, (char *)rest, sizeof rest) <= 0)
		return FALSE;
	code = word(rest + 6) & 0xff;
	/* XT numbers, the extended keys with bit 7 instead of 0xe0. */
	if (code & 0x80)
		code = 0xe000 | (code & 0x7f);
	hear_key(client->screen->screenData, word(rest + 2), code, (rest[0] | rest[1]) != 0);
	return TRUE;
}

static gboolean read_audio(rfbClientPtr client, Wishes *wishes)
{
	guint8 what[2], form[6];
	gboolean on;

	if (rfbReadExact(client, (char *)what, sizeof what) <= 0 || what[0] != 0 ||
	    what[1] > SET_FORMAT)
		return FALSE;
	if (what[1] == SET_FORMAT)
		return rfbReadExact(client, (char *)form, sizeof form) > 0 &&
		       sound_want(wishes->form, form[0], form[1], word(form + 2));
	on = wishes->listens = what[1] == ENABLE;
	if (!on)
		be_still(client, wishes); /* it may be gone */
	hear_listens(client->screen->screenData, on);
	return TRUE;
}

/* The library has read the first byte. FALSE: it closes the connection. */
static rfbBool on_message(rfbClientPtr client, void *data, const rfbClientToServerMsg *message)
{
	guint8 kind;

	if (message->type != QEMU_MESSAGE)
		return FALSE;
	if (rfbReadExact(client, (char *)&kind, 1) <= 0 ||
	    !(kind == KEY_EVENT ? read_key(client) : kind == AUDIO && read_audio(client, data)))
		rfbCloseClient(client);
	return TRUE;
}

void vnc_extras_register(VncExtrasKey key, VncExtrasListens listens)
{
	static int encodings[] = {EXTENDED_KEYS, SOUND, LED_STATE, 0};
	static rfbProtocolExtension extension = {
		.newClient = on_client,
		.pseudoEncodings = encodings,
		.enablePseudoEncoding = on_encoding,
		.handleMessage = on_message,
		.close = on_gone,
	};

	if (hear_key == NULL)
		rfbRegisterProtocolExtension(&extension);
	hear_key = key;
	hear_listens = listens;
}

/* NULL: none, or not any more: they went with the connection, which a write that failed
 * has closed. */
static Wishes *wishes_of(rfbClientPtr client)
{
	rfbExtensionData *one = client->sock != RFB_INVALID_SOCKET ? client->extensions : NULL;

	while (one != NULL && one->extension->handleMessage != on_message)
		one = one->next;
	return one ? one->data : NULL;
}

void vnc_extras_tell(rfbClientPtr client, guint leds, gboolean sounds)
{
	Wishes *wishes = wishes_of(client);
	guint8 byte = (guint8)leds;

	if (wishes == NULL)
		return;
	if (wishes->keys && !wishes->keys_told) {
		wishes->keys_told = TRUE;
		if (!send_rectangle(client, EXTENDED_KEYS, NULL, 0))
			return;
	}
	if (sounds && wishes->sound && !wishes->sound_told) {
		wishes->sound_told = TRUE;
		if (!send_rectangle(client, SOUND, NULL, 0))
			return;
	}
	if (wishes->leds && wishes->leds_told != leds) {
		wishes->leds_told = leds;
		send_rectangle(client, LED_STATE, &byte, 1);
	}
}

/* A client that has no room for it at once gets what is played then. */
void vnc_extras_sound(rfbClientPtr client, const gint16 *frames, gsize n, guint rate)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	struct pollfd room = {.fd = client->sock, .events = POLLOUT};
	Wishes *wishes = wishes_of(client);
	gboolean begins;

	if (wishes == NULL || !wishes->listens)
		return;
	if (n == 0)
		return be_still(client, wishes);
	if (poll(&room, 1, 0) != 1 || !sound_may_go(wishes->form, n, rate, g_get_monotonic_time()))
		return;
	sound_convert(wishes->form, frames, n, rate, bytes);
	if (bytes->len == 0)
		return;
	begins = !wishes->plays;
	wishes->plays = TRUE;
	if (!begins || send_audio(client, BEGIN, NULL, 0))
		send_audio(client, DATA, bytes->data, bytes->len);
}
