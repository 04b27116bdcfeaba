/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gateway_outbox: what a gateway is told: whole messages, in their order. Who tells it never waits:
 * what the kernel does not take at once waits here, and a thread that is there only then sends it
 * on. A gateway that was taken over, asks much and reads nothing, would else have the threads that
 * serve all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fdpass.h"
#include "gateways/gateway_connection.h"

#define WAITING_MAX (2 * 1024 * 1024) /* bytes, of some ten thousand ends of sessions */

typedef struct {
	GByteArray *bytes;
	gsize at; /* so many are out */
	int fd;   /* goes with the first, -1 = none */
} Parcel;

static void parcel_free(gpointer data)
{
	Parcel *parcel = data;

	control_wipe(parcel->bytes);
	if (parcel->fd >= 0)
		close(parcel->fd);
	g_free(parcel);
}

/* FALSE: errno says why not all of it is out. */
static gboolean push(int socket, Parcel *parcel, int flags)
{
	while (parcel->at < parcel->bytes->len) {
		ssize_t n = fdpass_send_one(socket, parcel->bytes->data + parcel->at,
					    parcel->bytes->len - parcel->at,
					    parcel->at == 0 ? parcel->fd : -1, flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FALSE;
		parcel->at += (gsize)n;
	}
	return TRUE;
}

/* Half a message may be out: nothing can follow it. Its reader will see. Under the lock. */
static void hang_up(GatewayConnection *c)
{
	c->deaf = TRUE;
	shutdown(c->fd, SHUT_RDWR);
	g_queue_clear_full(&c->outbox, parcel_free);
}

/* Each send waits as long as the link has patience. */
static gpointer drain(gpointer connection)
{
	GatewayConnection *c = connection;
	Parcel *parcel;

	g_mutex_lock(&c->send);
	while ((parcel = g_queue_pop_head(&c->outbox)) != NULL) {
		gboolean sent;

		c->waiting -= parcel->bytes->len;
		g_mutex_unlock(&c->send);
		sent = push(c->fd, parcel, 0);
		parcel_free(parcel);
		g_mutex_lock(&c->send);
		if (!sent)
			hang_up(c);
	}
	c->draining = FALSE;
	g_mutex_unlock(&c->send);
	gateway_connection_unref(c);
	return NULL;
}

/* Under the lock. FALSE: it cannot wait. */
static gboolean put(GatewayConnection *c, Parcel *parcel)
{
	if (c->waiting + parcel->bytes->len > WAITING_MAX)
		return FALSE;
	if (!c->draining) {
		GThread *thread =
			g_thread_try_new("outbox", drain, gateway_connection_ref(c), NULL);

		if (thread == NULL) {
			gateway_connection_unref(c);
			return FALSE;
		}
		g_thread_unref(thread);
		c->draining = TRUE;
	}
	c->waiting += parcel->bytes->len;
	g_queue_push_tail(&c->outbox, parcel);
	return TRUE;
}

/* Under the lock; takes the parcel. */
static void send_parcel(GatewayConnection *c, Parcel *parcel)
{
	gboolean full = c->draining, out = !full && push(c->fd, parcel, MSG_DONTWAIT);

	full = full || (!out && (errno == EAGAIN || errno == EWOULDBLOCK));
	if (full && put(c, parcel))
		return;
	if (!out)
		hang_up(c);
	parcel_free(parcel);
}

void gateway_connection_send(GatewayConnection *c, const ControlMessage *message, int fd)
{
	Parcel *parcel = g_new0(Parcel, 1);

	parcel->bytes = control_encode(message);
	parcel->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	g_mutex_lock(&c->send);
	if (fd >= 0 && parcel->fd < 0) /* a way to a desktop without the way */
		hang_up(c);
	if (c->deaf)
		parcel_free(parcel);
	else
		send_parcel(c, parcel);
	g_mutex_unlock(&c->send);
}
