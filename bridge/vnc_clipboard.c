/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_clipboard: see vnc_clipboard.h. */
#include "vnc_clipboard.h"

#include <string.h>
#include <zlib.h>

#include "face.h"
#include "latin1.h"

#define TEXT    (1u << 0)
#define CAPS    (1u << 24)
#define REQUEST (1u << 25)
#define PEEK    (1u << 26)
#define NOTIFY  (1u << 27)
#define PROVIDE (1u << 28)

#define BODY_MAX (FACE_MAX_TEXT + 64) /* of a message, packed or not */
#define HEAD     4                    /* the flags, or the length of a text */

/* ---- out */

static gboolean send_cut_text(rfbClient *client, gint32 length, gconstpointer body, gsize n)
{
	guint8 head[8] = {rfbClientCutText};
	gint32 big = GINT32_TO_BE(length);

	memcpy(head + 4, &big, sizeof big);
	return WriteToRFBServer(client, (const char *)head, sizeof head) &&
	       WriteToRFBServer(client, body, (unsigned)n);
}

/* A message of the extension: its length is told below zero. */
static gboolean send_flags(rfbClient *client, guint32 flags, gconstpointer data, gsize n)
{
	g_autofree guint8 *body = g_malloc(HEAD + n);
	guint32 big = GUINT32_TO_BE(flags);

	memcpy(body, &big, sizeof big);
	if (n > 0)
		memcpy(body + HEAD, data, n);
	return send_cut_text(client, -(gint32)(HEAD + n), body, HEAD + n);
}

/* Lines end with CR LF there, and the text with a zero that counts. */
static gboolean provide(const VncClipboard *clipboard, rfbClient *client)
{
	g_autoptr(GString) plain = g_string_new("....");
	g_autofree guint8 *packed = NULL;
	guint32 length;
	uLongf n;

	for (const char *c = clipboard->text; *c != '\0'; c++) {
		if (*c == '\n')
			g_string_append_c(plain, '\r');
		if (*c != '\r')
			g_string_append_c(plain, *c);
	}
	length = GUINT32_TO_BE((guint32)(plain->len - HEAD + 1));
	memcpy(plain->str, &length, sizeof length);
	n = compressBound(plain->len + 1);
	packed = g_malloc(n);
	if (compress(packed, &n, (const Bytef *)plain->str, plain->len + 1) != Z_OK)
		return TRUE;
	return send_flags(client, PROVIDE | TEXT, packed, n);
}

static gboolean send_latin1(rfbClient *client, const char *text)
{
	g_autoptr(GString) latin1 = latin1_encode(text);

	return send_cut_text(client, (gint32)latin1->len, latin1->str, latin1->len);
}

gboolean vnc_clipboard_offer(VncClipboard *clipboard, rfbClient *client, const char *text)
{
	if (clipboard->can == 0)
		return send_latin1(client, text);
	g_free(clipboard->text);
	clipboard->text = g_strdup(text);
	return clipboard->can & NOTIFY ? send_flags(client, NOTIFY | TEXT, NULL, 0)
				       : provide(clipboard, client);
}

/* ---- in */

/* NULL: it is not whole, or too long. */
static char *unpack(guint8 *packed, gsize n)
{
	g_autofree guint8 *plain = g_malloc(BODY_MAX);
	g_autoptr(GString) text = NULL;
	z_stream stream = {
		.next_in = packed, .avail_in = (uInt)n, .next_out = plain, .avail_out = BODY_MAX};
	guint32 length;

	if (inflateInit(&stream) != Z_OK)
		return NULL;
	inflate(&stream, Z_SYNC_FLUSH);
	inflateEnd(&stream);
	if (stream.total_out < HEAD)
		return NULL;
	memcpy(&length, plain, sizeof length);
	length = GUINT32_FROM_BE(length);
	if (length > FACE_MAX_TEXT || length > stream.total_out - HEAD)
		return NULL;
	text = g_string_new_len((const char *)plain + HEAD,
				(gssize)strnlen((const char *)plain + HEAD, length));
	g_string_replace(text, "\r\n", "\n", 0);
	return g_utf8_make_valid(text->str, (gssize)text->len);
}

static gboolean answer_caps(VncClipboard *clipboard, rfbClient *client, guint32 flags)
{
	guint32 unasked = GUINT32_TO_BE(FACE_MAX_TEXT);

	clipboard->can = flags & (REQUEST | NOTIFY | PROVIDE);
	return send_flags(client, CAPS | REQUEST | NOTIFY | PROVIDE | TEXT, &unasked,
			  sizeof unasked);
}

static gboolean take_flags(VncClipboard *clipboard, rfbClient *client, guint8 *body, gsize n,
			   char **out_text)
{
	guint32 flags;

	memcpy(&flags, body, sizeof flags);
	flags = GUINT32_FROM_BE(flags);
	if (flags & CAPS)
		return answer_caps(clipboard, client, flags);
	if (flags & PROVIDE && flags & TEXT)
		*out_text = unpack(body + HEAD, n - HEAD);
	else if (flags & NOTIFY && flags & TEXT)
		return send_flags(client, REQUEST | TEXT, NULL, 0);
	else if (flags & PEEK)
		return send_flags(client, NOTIFY | (clipboard->text ? TEXT : 0), NULL, 0);
	else if (flags & REQUEST && flags & TEXT && clipboard->text != NULL)
		return provide(clipboard, client);
	return TRUE;
}

/* A text that is too long is no reason to leave. */
static gboolean skip(rfbClient *client, gint64 n)
{
	char piece[4096];

	for (; n > 0; n -= MIN(n, (gint64)sizeof piece)) {
		if (!ReadFromRFBServer(client, piece, (unsigned)MIN(n, (gint64)sizeof piece)))
			return FALSE;
	}
	return TRUE;
}

gboolean vnc_clipboard_take(VncClipboard *clipboard, rfbClient *client, char **out_text)
{
	g_autofree guint8 *body = NULL;
	guint8 head[7]; /* padding, length */
	gint32 length;
	gint64 n;

	*out_text = NULL;
	if (!ReadFromRFBServer(client, (char *)head, sizeof head))
		return FALSE;
	memcpy(&length, head + 3, sizeof length);
	length = GINT32_FROM_BE(length);
	n = ABS((gint64)length);
	if (length < 0 && n < HEAD)
		return FALSE;
	if (n > BODY_MAX)
		return skip(client, n);
	body = g_malloc((gsize)n + 1);
	if (!ReadFromRFBServer(client, (char *)body, (unsigned)n))
		return FALSE;
	if (length < 0)
		return take_flags(clipboard, client, body, (gsize)n, out_text);
	*out_text = latin1_decode((const char *)body, (gsize)n);
	return TRUE;
}

void vnc_clipboard_clear(VncClipboard *clipboard)
{
	g_clear_pointer(&clipboard->text, g_free);
}
