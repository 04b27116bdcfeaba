/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_peek: see vnc_peek.h. */
#include "vnc_peek.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LOOK_US 100000

/* The next n bytes, left where they are: in the library's buffer. NULL: lost. */
static const guint8 *look_at(rfbClient *client, guint n)
{
	gint64 end = g_get_monotonic_time() + client->readTimeout * G_USEC_PER_SEC;

	if (client->buffered < n) {
		memmove(client->buf, client->bufoutptr, client->buffered);
		client->bufoutptr = client->buf;
	}
	while (client->buffered < n) {
		gssize got = read(client->sock, client->buf + client->buffered,
				  sizeof client->buf - client->buffered);

		if (got > 0)
			client->buffered += (guint)got;
		else if (got == 0 || (errno != EAGAIN && errno != EINTR) ||
			 g_get_monotonic_time() > end)
			return NULL;
		else
			WaitForMessage(client, LOOK_US);
	}
	return (const guint8 *)client->bufoutptr;
}

gboolean vnc_peek(rfbClient *client, gint32 *out_encoding)
{
	enum { COUNT = 2, TO_COUNT = 4, ENCODING = 12 };
	const guint8 *next;
	guint32 encoding;

	*out_encoding = 0;
	if (client->tlsSession != NULL)
		return TRUE; /* what comes is the library's alone */
	next = look_at(client, TO_COUNT);
	if (next == NULL || next[COUNT] != 0 || next[COUNT + 1] != 1)
		return next != NULL;
	next = look_at(client, VNC_PEEK_BYTES);
	if (next == NULL)
		return FALSE;
	memcpy(&encoding, next + ENCODING, sizeof encoding);
	*out_encoding = (gint32)GUINT32_FROM_BE(encoding);
	return TRUE;
}

void vnc_peek_shrink(rfbClient *client)
{
	static const guint8 place[] = {0, 0, 0, 0, 0, 1, 0, 1};

	memcpy(client->bufoutptr + 4, place, sizeof place);
}
