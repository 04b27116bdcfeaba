/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a VNC desktop says of its clipboard, message after message, and what it asks of ours. */
#include "vnc_clipboard.h"

#include <sys/socket.h>
#include <unistd.h>

#define MOST (64 * 1024) /* fits into the sockets */

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void say_nothing(const char *format, ...)
{
}

/* The desktop reads what it is answered. */
static void drain(int fd)
{
	char bytes[4096];

	while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	static rfbClient *client;
	VncClipboard clipboard = {0};
	gboolean goes_on;
	gssize went;
	int pair[2];

	if (client == NULL)
		client = rfbGetClient(8, 3, 4);
	rfbClientLog = rfbClientErr = say_nothing;
	if (size > MOST || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	client->sock = pair[1];
	client->bufoutptr = client->buf;
	client->buffered = 0;
	went = write(pair[0], data, size);
	g_assert(went == (gssize)size);
	shutdown(pair[0], SHUT_WR);
	vnc_clipboard_offer(&clipboard, client, "ours");
	do {
		g_autofree char *text = NULL;

		goes_on = vnc_clipboard_take(&clipboard, client, &text);
		g_assert(text == NULL || g_utf8_validate(text, -1, NULL));
		if (goes_on && text != NULL)
			goes_on = vnc_clipboard_offer(&clipboard, client, "ours\n\342\202\254");
		drain(pair[0]);
	} while (goes_on);
	vnc_clipboard_clear(&clipboard);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
