/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-desktop: a desktop without a picture, for measuring what stands before it. VNC: answers a
 * FramebufferUpdateRequest with one Raw rectangle of just the size that was asked for. SPICE: links
 * anything and answers a message of type ASK with one of as many bytes as it asks for. A thread per
 * connection, blocking: it must cost little beside the gateway and never be the narrow place.
 *
 *   bench-desktop vnc|spice SOCKET
 */
#include "spice/spice_link.h"
#include "spice/spice_ticket.h"

#include <endian.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PIECE (256 * 1024)
#define ASK   60000 /* no SPICE message has this type */

static guint8 picture[PIECE];
static gboolean spice;

static gboolean take(int fd, void *bytes, gsize n)
{
	return recv(fd, bytes, n, MSG_WAITALL) == (ssize_t)n;
}

static gboolean give(int fd, const void *bytes, gsize n)
{
	const guint8 *at = bytes;

	while (n > 0) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return FALSE;
		at += sent;
		n -= (gsize)sent;
	}
	return TRUE;
}

/* `head` and then n bytes of picture; the first piece leaves with the head. */
static gboolean give_picture(int fd, const void *head, gsize head_n, gsize n)
{
	guint8 first[4096];
	gsize with_head = MIN(n, sizeof first - head_n);

	memcpy(first, head, head_n);
	memcpy(first + head_n, picture, with_head);
	if (!give(fd, first, head_n + with_head))
		return FALSE;
	for (n -= with_head; n > 0;) {
		gsize piece = MIN(n, sizeof picture);

		if (!give(fd, picture, piece))
			return FALSE;
		n -= piece;
	}
	return TRUE;
}

/* ---- RFB 3.8, no security, 4096x4096 */

static gboolean vnc_greet(int fd)
{
	static const guint8 screen[24 + 5] = {16, 0,   16, 0,   32,  24,  0,   1,   0,  255,
					      0,  255, 0,  255, 16,  8,   0,   0,   0,  0,
					      0,  0,   0,  5,   'b', 'e', 'n', 'c', 'h'};
	guint8 b[12];

	return give(fd, "RFB 003.008\n", 12) && take(fd, b, 12) && give(fd, "\1\1", 2) &&
	       take(fd, b, 1) && give(fd, "\0\0\0\0", 4) && take(fd, b, 1) &&
	       give(fd, screen, sizeof screen);
}

static gboolean vnc_serve(int fd)
{
	guint8 b[20], head[16] = {0, 0, 0, 1};
	guint16 n;

	if (!take(fd, b, 1))
		return FALSE;
	switch (b[0]) {
	case 0: return take(fd, b, 19);
	case 2:
		if (!take(fd, b, 3))
			return FALSE;
		for (n = (guint16)(b[1] << 8 | b[2]); n > 0; n--) {
			if (!take(fd, b, 4))
				return FALSE;
		}
		return TRUE;
	case 4: return take(fd, b, 7);
	case 5: return take(fd, b, 5);
	case 3:
		if (!take(fd, b, 9))
			return FALSE;
		memcpy(head + 4, b + 1, 8); /* x, y, w, h; encoding 0: Raw */
		return give_picture(fd, head, sizeof head,
				    (gsize)(b[5] << 8 | b[6]) * (gsize)(b[7] << 8 | b[8]) * 4);
	default: return FALSE;
	}
}

/* ---- SPICE */

static gboolean spice_greet(int fd)
{
	/* MAIN_INIT: session 1, one display, both mouse modes, no agent */
	static const guint8 init[6 + 32] = {103, 0, 32, 0, 0, 0, 1, 0, 0, 0,
					    1,   0, 0,  0, 3, 0, 0, 0, 2};
	guint8 head[SPICE_LINK_HEADER], body[SPICE_LINK_MAX], ticket[4 + SPICE_TICKET_BYTES];
	SpiceLinkReply reply = {.common = 0xb};
	SpiceLinkMess mess;
	Buffer out = {0};
	guint32 size;
	gboolean ok;

	if (!take(fd, head, sizeof head) ||
	    !spice_link_header(head, SPICE_LINK_MESS, FAULT_CLIENT, &size, NULL) ||
	    !take(fd, body, size) || !spice_link_mess(body, size, &mess, NULL))
		return FALSE;
	memcpy(reply.key, spice_ticket_key(NULL), sizeof reply.key);
	spice_link_append_reply(&out, &reply);
	ok = give(fd, buffer_bytes(&out), buffer_length(&out)) && take(fd, ticket, sizeof ticket) &&
	     give(fd, "\0\0\0\0", 4);
	buffer_clear(&out);
	return ok && (mess.type != SPICE_CHANNEL_MAIN || give(fd, init, sizeof init));
}

static gboolean spice_serve(int fd)
{
	guint8 head[6], body[1024];
	guint32 size, want;

	if (!take(fd, head, 6))
		return FALSE;
	memcpy(&size, head + 2, 4);
	size = le32toh(size);
	if (size > sizeof body || (size > 0 && !take(fd, body, size)))
		return FALSE;
	if ((head[0] | head[1] << 8) != ASK || size < 4)
		return TRUE;
	memcpy(&want, body, 4);
	memcpy(head + 2, &want, 4);
	return give_picture(fd, head, sizeof head, le32toh(want));
}

static void *serve(void *data)
{
	int fd = GPOINTER_TO_INT(data);

	if (spice ? spice_greet(fd) : vnc_greet(fd)) {
		while (spice ? spice_serve(fd) : vnc_serve(fd))
			;
	}
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pthread_attr_t attributes;
	int fd;

	if (argc != 3 || (strcmp(argv[1], "vnc") && strcmp(argv[1], "spice"))) {
		fprintf(stderr, "use: bench-desktop vnc|spice SOCKET\n");
		return 64;
	}
	spice = argv[1][0] == 's';
	spice_ticket_key(NULL); /* made here, before there are threads */
	for (gsize i = 0; i < sizeof picture; i++)
		picture[i] = (guint8)(i * 2654435761u >> 16);
	g_strlcpy(address.sun_path, argv[2], sizeof address.sun_path);
	unlink(argv[2]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1024) < 0) {
		perror(argv[2]);
		return 1;
	}
	chmod(argv[2], 0666);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	puts("ready");
	fflush(stdout);
	for (;;) {
		pthread_t thread;
		int one = accept(fd, NULL, NULL);

		if (one >= 0)
			pthread_create(&thread, &attributes, serve, GINT_TO_POINTER(one));
	}
}
