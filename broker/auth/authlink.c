/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authlink: see authlink.h. */
#include "auth/authlink.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "control/jsonframe.h"
#include "fault.h"

/* Waits until the socket may be read or written. */
static gboolean link_wait(int fd, short events, gint64 deadline, GError **error)
{
	struct pollfd pollfd = {.fd = fd, .events = events};

	for (;;) {
		gint64 left = deadline - g_get_monotonic_time();
		int n = left > 0 ? poll(&pollfd, 1, (int)MIN((left + 999) / 1000, G_MAXINT)) : 0;

		if (n > 0)
			return TRUE;
		if (n == 0 && left <= 0) {
			g_set_error(error, FAULT, FAULT_TIMEOUT, "the login took too long");
			return FALSE;
		}
		if (n < 0 && errno != EINTR) {
			fault_set_errno(error, FAULT_BUG, "poll");
			return FALSE;
		}
	}
}

/* True if an attempt moved n bytes, or is to be repeated (n < 0 and nothing wrong). */
static gboolean link_moved(ssize_t n, GError **error)
{
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return TRUE;
	if (n < 0)
		fault_set_errno(error, FAULT_BROKER, "login link");
	else
		g_set_error(error, FAULT, FAULT_BROKER, "the login was broken off");
	return FALSE;
}

gboolean authlink_send(int fd, const AuthMessage *message, gint64 deadline, GError **error)
{
	GByteArray *bytes = auth_encode(message);
	gsize at = 0;
	gboolean good = TRUE;

	while (good && at < bytes->len) {
		ssize_t n;

		if (!link_wait(fd, POLLOUT, deadline, error)) {
			good = FALSE;
			break;
		}
		n = send(fd, bytes->data + at, bytes->len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		good = link_moved(n, error);
		at += n > 0 ? (gsize)n : 0;
	}
	jsonframe_wipe(bytes);
	return good;
}

/* Until `bytes` holds n bytes; its memory does not move. */
static gboolean receive_up_to(int fd, GByteArray *bytes, gsize n, gint64 deadline, GError **error)
{
	gsize at = bytes->len;

	g_byte_array_set_size(bytes, (guint)n);
	while (at < n) {
		ssize_t got;

		if (!link_wait(fd, POLLIN, deadline, error))
			return FALSE;
		got = recv(fd, bytes->data + at, n - at, MSG_DONTWAIT);
		if (!link_moved(got, error))
			return FALSE;
		at += got > 0 ? (gsize)got : 0;
	}
	return TRUE;
}

gboolean authlink_receive(int fd, AuthMessage *out, gint64 deadline, GError **error)
{
	GByteArray *bytes = g_byte_array_sized_new(4);
	gboolean good = receive_up_to(fd, bytes, 4, deadline, error);
	gssize used = good ? auth_decode(bytes->data, bytes->len, out, error) : -1;

	/* A length that cannot be was refused by now. */
	if (used == 0) {
		guint32 head;
		gsize whole;

		memcpy(&head, bytes->data, 4);
		whole = 4 + (gsize)GUINT32_FROM_BE(head);
		g_byte_array_unref(bytes);
		bytes = g_byte_array_sized_new((guint)whole);
		g_byte_array_append(bytes, (const guint8 *)&head, 4);
		if (receive_up_to(fd, bytes, whole, deadline, error))
			used = auth_decode(bytes->data, bytes->len, out, error);
	}
	jsonframe_wipe(bytes);
	return used > 0;
}
