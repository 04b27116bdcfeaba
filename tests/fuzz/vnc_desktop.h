/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VNC desktop whose words are all there, for harnesses of what reads past libvncclient. */
#pragma once

#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rfb/rfbclient.h>

#define VNC_DESKTOP_MOST (64 * 1024) /* fits into the sockets */

static void say_nothing(const char *format, ...)
{
}

/* The desktop's end, after data; -1 = too much. The client's is client->sock. The caller closes
 * both. */
static int vnc_desktop_open(rfbClient *client, const guint8 *data, gsize size)
{
	gssize went;
	int pair[2];

	rfbClientLog = rfbClientErr = say_nothing;
	if (size > VNC_DESKTOP_MOST || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return -1;
	client->sock = pair[1];
	client->bufoutptr = client->buf;
	client->buffered = 0;
	went = write(pair[0], data, size);
	g_assert(went == (gssize)size);
	shutdown(pair[0], SHUT_WR);
	return pair[0];
}

/* The desktop reads what it is answered. */
static void vnc_desktop_drain(int fd)
{
	char bytes[4096];

	while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
}
