/* SPDX-License-Identifier: GPL-3.0-or-later */
/* serve: see serve.h. */
#include "serve.h"

#include "spice/spice_link.h"
#include "spice/spice_ticket.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PIECE (256 * 1024)

static guint8 picture[PIECE];
static gboolean spice;
static int loop;

typedef struct {
	Ready ready;
	int fd;
	gboolean full; /* it takes nothing more now */
	guint8 in[4096];
	gsize in_n;
	guint8 head[16]; /* what is owed to it: head_n bytes of this ... */
	gsize head_n;
	gsize answer; /* ... and so many of picture */
} Viewer;

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

/* The length of the message at b, of which n bytes have come; 0: more is needed; -1: there is no
 * such message. A request for a picture is answered with head and out_answer bytes. */
static gssize vnc_message(const guint8 *b, gsize n, guint8 *head, gsize *out_head,
			  gsize *out_answer)
{
	static const guint8 update[16] = {0, 0, 0, 1};

	if (n == 0)
		return 1;
	switch (b[0]) {
	case 0: return 20;
	case 2: return n < 4 ? 4 : 4 + 4 * (b[2] << 8 | b[3]);
	case 3:
		if (n < 10)
			return 10;
		memcpy(head, update, sizeof update);
		memcpy(head + 4, b + 2, 8); /* x, y, w, h; encoding 0: Raw */
		*out_head = sizeof update;
		*out_answer = (gsize)(b[6] << 8 | b[7]) * (gsize)(b[8] << 8 | b[9]) * 4;
		return 10;
	case 4: return 8;
	case 5: return 6;
	default: return -1;
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

static gssize spice_message(const guint8 *b, gsize n, guint8 *head, gsize *out_head,
			    gsize *out_answer)
{
	guint32 size, want;

	if (n < 6)
		return 6;
	memcpy(&size, b + 2, 4);
	size = le32toh(size);
	if (size > sizeof((Viewer *)NULL)->in - 6)
		return -1;
	if ((b[0] | b[1] << 8) == SERVE_ASK && size >= 4 && n >= 6 + size) {
		memcpy(&want, b + 6, 4);
		memcpy(head, b, 2);
		memcpy(head + 2, &want, 4);
		*out_head = 6;
		*out_answer = le32toh(want);
	}
	return 6 + (gssize)size;
}

/* ---- after the handshake */

static void watch(Viewer *viewer, int operation, guint32 events)
{
	struct epoll_event event = {.events = events, .data.ptr = viewer};

	epoll_ctl(loop, operation, viewer->fd, &event);
	viewer->full = events == EPOLLOUT;
}

/* Sends what is owed; the first piece leaves with the head. FALSE: the viewer
 * is gone or, with EAGAIN, full. */
static gboolean pay(Viewer *viewer)
{
	while (viewer->head_n + viewer->answer > 0) {
		gsize piece = MIN(viewer->answer, sizeof picture);
		struct iovec parts[2] = {{viewer->head, viewer->head_n}, {picture, piece}};
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
		ssize_t sent = sendmsg(viewer->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		gsize of_head;

		if (sent < 0)
			return FALSE;
		of_head = MIN((gsize)sent, viewer->head_n);
		viewer->head_n -= of_head;
		memmove(viewer->head, viewer->head + of_head, viewer->head_n);
		viewer->answer -= (gsize)sent - of_head;
	}
	return TRUE;
}

/* Takes whole messages until they are used up, or an answer does not fit. FALSE: one is too long,
 * or unknown. */
static gboolean answer_all(Viewer *viewer)
{
	gsize at = 0;

	while (pay(viewer)) {
		gssize n = (spice ? spice_message : vnc_message)(viewer->in + at, viewer->in_n - at,
								 viewer->head, &viewer->head_n,
								 &viewer->answer);

		if (n < 0 || (gsize)n > sizeof viewer->in)
			return FALSE;
		if (viewer->in_n - at < (gsize)n)
			break;
		at += (gsize)n;
	}
	viewer->in_n -= at;
	memmove(viewer->in, viewer->in + at, viewer->in_n);
	return TRUE;
}

/* FALSE: it is over. */
static gboolean serve(Viewer *viewer)
{
	gboolean full;

	if (!viewer->full) {
		ssize_t got = recv(viewer->fd, viewer->in + viewer->in_n,
				   sizeof viewer->in - viewer->in_n, MSG_DONTWAIT);

		if (got <= 0)
			return got < 0 && errno == EAGAIN;
		viewer->in_n += (gsize)got;
	}
	if (!answer_all(viewer))
		return FALSE;
	full = viewer->head_n + viewer->answer > 0;
	if (full && errno != EAGAIN)
		return FALSE;
	if (full != viewer->full)
		watch(viewer, EPOLL_CTL_MOD, full ? EPOLLOUT : EPOLLIN);
	return TRUE;
}

static void take_viewer(Ready *ready)
{
	Viewer *viewer = (Viewer *)ready;

	if (!serve(viewer)) {
		close(viewer->fd);
		g_free(viewer);
	}
}

/* ---- who comes */

static void *greet(void *data)
{
	Viewer *viewer = g_new0(Viewer, 1);

	viewer->ready.take = take_viewer;
	viewer->fd = GPOINTER_TO_INT(data);
	if (spice ? spice_greet(viewer->fd) : vnc_greet(viewer->fd)) {
		watch(viewer, EPOLL_CTL_ADD, EPOLLIN);
	} else {
		close(viewer->fd);
		g_free(viewer);
	}
	return NULL;
}

static void start(void *(*what)(void *), int fd)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	pthread_create(&thread, &attributes, what, GINT_TO_POINTER(fd));
	pthread_attr_destroy(&attributes);
}

static void *accept_all(void *data)
{
	for (;;) {
		int one = accept(GPOINTER_TO_INT(data), NULL, NULL);

		if (one >= 0)
			start(greet, one);
	}
	return NULL;
}

gboolean serve_start(const char *path, gboolean is_spice, int epoll)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	spice = is_spice;
	loop = epoll;
	spice_ticket_key(NULL); /* made here, before there are threads */
	for (gsize i = 0; i < sizeof picture; i++)
		picture[i] = (guint8)(i * 2654435761u >> 16);
	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1024) < 0 ||
	    chmod(path, 0666) < 0)
		return FALSE;
	start(accept_all, fd);
	return TRUE;
}
