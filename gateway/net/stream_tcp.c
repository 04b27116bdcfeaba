/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream_tcp: see stream_tcp.h. */
#include "stream_tcp.h"

#include "fault.h"
#include "tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* A peer that is gone without a word ends its stream like one that said goodbye. */
static gboolean is_gone(int e)
{
	return e == ECONNRESET || e == EPIPE || e == ETIMEDOUT || e == EHOSTUNREACH ||
	       e == ENETUNREACH;
}

/* Stream.own */
enum {
	DRAINED = 1, /* the last receive got less than it had room for */
	POLLED = 2,  /* stream_tcp_arrived() will tell when there is more */
};

static void set_drained(Stream *s, gboolean drained)
{
	s->own = (guint8)(drained ? s->own | DRAINED : s->own & ~DRAINED);
}

/* Without a poll the next read has to ask. */
static Io rest(Stream *s)
{
	set_drained(s, s->own & POLLED);
	s->wants = STREAM_READABLE;
	return IO_WAIT;
}

/* After a short receive, or one in vain, nothing is left for now: the next one would cost a system
 * call to say so. What comes meanwhile is seen by the poll, which tells of what is there, not of
 * what is new. */
static Io tcp_read(Stream *s, void *bytes, gsize n, gsize *out_n, GError **error)
{
	ssize_t got;

	if (s->own & DRAINED)
		return rest(s);
	do {
		got = recv(s->fd, bytes, n, 0);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		*out_n = (gsize)got;
		set_drained(s, (gsize)got < n);
		return IO_DONE;
	}
	if (got == 0 || is_gone(errno))
		return IO_EOF;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return rest(s);
	fault_set_errno(error, FAULT_CLIENT, "receive");
	return IO_FAIL;
}

static Io tcp_write(Stream *s, guint8 *bytes, gsize n, gsize *out_n, GError **error)
{
	ssize_t sent;

	do {
		sent = send(s->fd, bytes, n, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0) {
		*out_n = (gsize)sent;
		return IO_DONE;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK) {
		s->wants = STREAM_WRITABLE;
		return IO_WAIT;
	}
	fault_set_errno(error, is_gone(errno) ? FAULT_ENDED : FAULT_CLIENT, "send");
	return IO_FAIL;
}

static Io tcp_flush(Stream *s, GError **error)
{
	return IO_DONE;
}

static void tcp_shutdown(Stream *s, const char *reason)
{
	shutdown(s->fd, SHUT_WR);
}

static void tcp_free(Stream *s)
{
	close(s->fd);
	g_free(s);
}

static const StreamOps ops = {
	.name = "tcp",
	.read = tcp_read,
	.write = tcp_write,
	.flush = tcp_flush,
	.shutdown = tcp_shutdown,
	.free = tcp_free,
};

/* A desktop is held for whoever vanished. */
void stream_tcp_prepare(int fd)
{
	tcp_prepare(fd, TCP_GONE_SECONDS);
}

void stream_tcp_reset(int fd)
{
	static const struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

guint64 stream_tcp_round_trip(int fd)
{
	struct tcp_info info = {0};
	socklen_t n = sizeof info;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 ? info.tcpi_rtt : 0;
}

void stream_tcp_arrived(Stream *s)
{
	while (s->below)
		s = s->below;
	s->own = POLLED;
}

gboolean stream_tcp_is_empty(const Stream *s)
{
	return s->ops == &ops && s->own == (DRAINED | POLLED);
}

Stream *stream_tcp_accepted(int fd)
{
	Stream *s = g_new0(Stream, 1);

	s->ops = &ops;
	s->fd = fd;
	return s;
}

Stream *stream_tcp_new(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (!(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	stream_tcp_prepare(fd);
	return stream_tcp_accepted(fd);
}
