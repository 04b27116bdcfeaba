/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_extras: see vnc_extras.h. The formats are in the community's list of RFB extensions ("QEMU
 * Extended Key Event", "QEMU LED State"). */
#include "vnc_extras.h"

#include <string.h>

#define EXTENDED_KEYS (-258)
#define LED_STATE     (-261)
#define QEMU_MESSAGE  255
#define KEY_EVENT     0

#define UNKNOWN G_MAXUINT

/* What a client wants, and knows. */
typedef struct {
	gboolean keys, keys_told;
	gboolean leds;
	guint leds_told; /* UNKNOWN: not yet */
} Wishes;

static VncExtrasKey hear_key;

/* An update with one rectangle that has no pixels. Between two messages of the library's own: we
 * are called from its handling of the client's, or from the loop. */
static rfbBool send_rectangle(rfbClientPtr client, gint32 encoding, const guint8 *data, gsize n)
{
	guint8 bytes[4 + 12 + 1] = {0};
	guint32 kind = GUINT32_TO_BE((guint32)encoding);

	g_assert(n <= 1);
	bytes[3] = 1;
	memcpy(bytes + 12, &kind, sizeof kind);
	if (n > 0)
		memcpy(bytes + 16, data, n);
	return rfbWriteExact(client, (const char *)bytes, (int)(16 + n)) > 0;
}

static rfbBool on_client(rfbClientPtr client, void **data)
{
	Wishes *wishes = g_new0(Wishes, 1);

	wishes->leds_told = UNKNOWN;
	*data = wishes;
	return TRUE;
}

static void on_gone(rfbClientPtr client, void *data)
{
	g_free(data);
}

static rfbBool on_encoding(rfbClientPtr client, void **data, int encoding)
{
	Wishes *wishes = *data;

	wishes->keys |= encoding == EXTENDED_KEYS;
	wishes->leds |= encoding == LED_STATE;
	return encoding == EXTENDED_KEYS || encoding == LED_STATE;
}

static guint32 word(const guint8 *at)
{
	return (guint32)at[0] << 24 | (guint32)at[1] << 16 | (guint32)at[2] << 8 | at[3];
}

/* The library has read the first byte. FALSE: it closes the connection. */
static rfbBool on_message(rfbClientPtr client, void *data, const rfbClientToServerMsg *message)
{
	guint8 rest[11];
	guint32 code;

	if (message->type != QEMU_MESSAGE)
		return FALSE;
	if (rfbReadExact(client, (char *)rest, sizeof rest) <= 0 || rest[0] != KEY_EVENT) {
		rfbCloseClient(client);
		return TRUE;
	}
	code = word(rest + 7) & 0xff;
	/* XT numbers, the extended keys with bit 7 instead of 0xe0. */
	if (code & 0x80)
		code = 0xe000 | (code & 0x7f);
	hear_key(client->screen->screenData, word(rest + 3), code, (rest[1] | rest[2]) != 0);
	return TRUE;
}

void vnc_extras_register(VncExtrasKey key)
{
	static int encodings[] = {EXTENDED_KEYS, LED_STATE, 0};
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
}

static Wishes *wishes_of(rfbClientPtr client)
{
	rfbExtensionData *one = client->extensions;

	while (one != NULL && one->extension->handleMessage != on_message)
		one = one->next;
	return one ? one->data : NULL;
}

void vnc_extras_tell(rfbClientPtr client, guint leds)
{
	Wishes *wishes = wishes_of(client);
	guint8 byte = (guint8)leds;

	if (wishes == NULL)
		return;
	if (wishes->keys && !wishes->keys_told)
		send_rectangle(client, EXTENDED_KEYS, NULL, 0);
	wishes->keys_told = wishes->keys;
	if (wishes->leds && wishes->leds_told != leds) {
		send_rectangle(client, LED_STATE, &byte, 1);
		wishes->leds_told = leds;
	}
}
