/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gateway_link: see gateway_link.h. A connection has two kinds of owners, its reader and the
 * requests of it that are on the pool: it is counted.
 */
#include "gateway_link.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "autofd.h"
#include "buffer.h"
#include "gateway_request.h"
#include "log.h"
#include "secret.h"
#include "session.h"

#define WORKERS      64
#define INFLIGHT_MAX 256 /* requests of one gateway on the pool; then it is not read */
#define SEND_SECONDS 10
#define READ_SIZE    16384

struct GatewayConnection {
	GatewayLink *link;
	int refs;    /* atomic */
	int fd;      /* shut down when it drops, closed with the last reference */
	GMutex send; /* whole messages only */
	GMutex lock; /* of all below */
	GCond less;
	unsigned inflight;
	gboolean gone;
	char *name;
};

struct GatewayLink {
	Core *core;
	int fd; /* listening, -1 = not */
	GThread *acceptor;
	GThreadPool *pool;
	GMutex lock; /* of all below */
	GCond empty;
	GHashTable *connections; /* a set; each with a reference */
	gboolean stopping;
};

typedef struct {
	GatewayConnection *connection; /* a reference */
	ControlMessage message;
} Request;

/* ---- connections */

static GatewayConnection *connection_ref(GatewayConnection *c)
{
	g_atomic_int_inc(&c->refs);
	return c;
}

static void connection_unref(gpointer data)
{
	GatewayConnection *c = data;

	if (!g_atomic_int_dec_and_test(&c->refs))
		return;
	close(c->fd);
	g_mutex_clear(&c->send);
	g_mutex_clear(&c->lock);
	g_cond_clear(&c->less);
	g_free(c->name);
	g_free(c);
}

Core *gateway_connection_core(const GatewayConnection *c)
{
	return c->link->core;
}

const char *gateway_connection_name(const GatewayConnection *c)
{
	return c->name; /* set by the reader before any request can reach the pool */
}

void gateway_connection_welcome(GatewayConnection *c, const char *name)
{
	g_mutex_lock(&c->lock);
	c->name = g_strdup(name);
	g_mutex_unlock(&c->lock);
	log_info(NULL, "gateway %s is linked", name);
}

gboolean gateway_connection_gone(GatewayConnection *c)
{
	gboolean gone;

	g_mutex_lock(&c->lock);
	gone = c->gone;
	g_mutex_unlock(&c->lock);
	return gone;
}

/* The descriptor goes with the first byte. */
static ssize_t send_some(GatewayConnection *c, const guint8 *bytes, gsize n, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {(void *)bytes, n};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *c0;

		header.msg_control = &control;
		header.msg_controllen = sizeof control;
		c0 = CMSG_FIRSTHDR(&header);
		c0->cmsg_level = SOL_SOCKET;
		c0->cmsg_type = SCM_RIGHTS;
		c0->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c0), &fd, sizeof fd);
	}
	return sendmsg(c->fd, &header, MSG_NOSIGNAL);
}

void gateway_connection_send(GatewayConnection *c, const ControlMessage *message, int fd)
{
	GByteArray *bytes = control_encode(message);
	gsize at = 0;

	g_mutex_lock(&c->send);
	while (at < bytes->len) {
		ssize_t n = send_some(c, bytes->data + at, bytes->len - at, at == 0 ? fd : -1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			/* Half a message may be out: nothing can follow it. Its reader will see. */
			shutdown(c->fd, SHUT_RDWR);
			break;
		}
		at += (gsize)n;
	}
	g_mutex_unlock(&c->send);
	control_wipe(bytes);
}

/* ---- requests */

static void request_run(gpointer data, gpointer unused)
{
	Request *request = data;
	GatewayConnection *c = request->connection;
	g_autoptr(GError) error = NULL;

	if (!gateway_request_run(c, &request->message, &error))
		shutdown(c->fd, SHUT_RDWR);
	control_clear(&request->message);
	g_free(request);
	g_mutex_lock(&c->lock);
	c->inflight--;
	g_cond_signal(&c->less);
	g_mutex_unlock(&c->lock);
	connection_unref(c);
}

/* Takes the message. Blocks while too many are under way: the gateway then waits in its socket. */
static void request_push(GatewayConnection *c, ControlMessage *message)
{
	Request *request = g_new0(Request, 1);

	g_mutex_lock(&c->lock);
	while (c->inflight >= INFLIGHT_MAX)
		g_cond_wait(&c->less, &c->lock);
	c->inflight++;
	g_mutex_unlock(&c->lock);
	request->connection = connection_ref(c);
	request->message = *message;
	memset(message, 0, sizeof *message);
	g_thread_pool_push(c->link->pool, request, NULL);
}

/* Everything whole in `in`. FALSE: hang up. */
static gboolean take_messages(GatewayConnection *c, Buffer *in, GError **error)
{
	while (buffer_length(in) > 0) {
		g_auto(ControlMessage) message = {0};
		gssize n = control_decode(buffer_bytes(in), buffer_length(in), &message, error);

		if (n < 0)
			return FALSE;
		if (n == 0)
			return TRUE;
		secret_wipe(buffer_bytes(in), (gsize)n);
		buffer_consume(in, (gsize)n);
		if (gateway_request_slow(&message) && gateway_connection_name(c))
			request_push(c, &message);
		else if (!gateway_request_run(c, &message, error))
			return FALSE;
	}
	return TRUE;
}

/* ---- the reader */

static void connection_dropped(GatewayConnection *c, const char *why)
{
	GatewayLink *link = c->link;
	Asker asker = {c, c->name};
	gboolean stopping;

	shutdown(c->fd, SHUT_RDWR);
	g_mutex_lock(&c->lock);
	c->gone = TRUE;
	g_mutex_unlock(&c->lock);
	g_mutex_lock(&link->lock);
	stopping = link->stopping;
	g_mutex_unlock(&link->lock);
	if (!stopping) {
		log_warning(NULL, "gateway %s has gone: %s", c->name ? c->name : "(no name)", why);
		sessions_gateway_gone(link->core, &asker);
	}
}

static gpointer read_loop(gpointer data)
{
	GatewayConnection *c = data;
	GatewayLink *link = c->link;
	g_autoptr(GError) error = NULL;
	const char *why = "it closed the connection";
	Buffer in = {0};

	for (;;) {
		ssize_t n = recv(c->fd, buffer_reserve(&in, READ_SIZE), READ_SIZE, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			why = g_strerror(errno);
		if (n <= 0)
			break;
		buffer_commit(&in, (gsize)n);
		if (!take_messages(c, &in, &error)) {
			why = error->message;
			break;
		}
	}
	connection_dropped(c, why);
	if (buffer_length(&in) > 0)
		secret_wipe(buffer_bytes(&in), buffer_length(&in));
	buffer_clear(&in);

	g_mutex_lock(&link->lock);
	g_hash_table_remove(link->connections, c);
	g_cond_signal(&link->empty);
	g_mutex_unlock(&link->lock);
	return NULL;
}

static void connection_start(GatewayLink *link, int fd)
{
	struct timeval timeout = {.tv_sec = SEND_SECONDS};
	GatewayConnection *c = g_new0(GatewayConnection, 1);
	GThread *reader;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	c->link = link;
	c->refs = 1;
	c->fd = fd;
	g_mutex_init(&c->send);
	g_mutex_init(&c->lock);
	g_cond_init(&c->less);
	g_mutex_lock(&link->lock);
	g_hash_table_add(link->connections, c);
	if (link->stopping)
		shutdown(fd, SHUT_RDWR);
	reader = g_thread_new("gateway", read_loop, c);
	g_mutex_unlock(&link->lock);
	g_thread_unref(reader); /* it ends by itself; gateway_link_stop() waits for the set */
}

static gpointer accept_loop(gpointer data)
{
	GatewayLink *link = data;

	for (;;) {
		int fd = accept4(link->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			connection_start(link, fd);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			g_usleep(G_USEC_PER_SEC / 10); /* it stays in the queue meanwhile */
		else if (errno != EINTR && errno != ECONNABORTED)
			return NULL; /* gateway_link_stop() has shut it down */
	}
}

/* ---- the link */

GatewayLink *gateway_link_new(Core *core)
{
	GatewayLink *link = g_new0(GatewayLink, 1);

	link->core = core;
	link->fd = -1;
	g_mutex_init(&link->lock);
	g_cond_init(&link->empty);
	link->connections = g_hash_table_new_full(NULL, NULL, connection_unref, NULL);
	link->pool = g_thread_pool_new(request_run, NULL, WORKERS, FALSE, NULL);
	return link;
}

gboolean gateway_link_listen(GatewayLink *link, GError **error)
{
	const char *path = link->core->options->control;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof address.sun_path) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: too long for a socket", path);
		return FALSE;
	}
	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	g_unlink(path);
	if (fd < 0 || fchmod(fd, 0660) || bind(fd, (struct sockaddr *)&address, sizeof address) ||
		g_chmod(path, 0660) || listen(fd, SOMAXCONN)) {
		fault_set_errno(error, FAULT_CONFIG, path);
		return FALSE;
	}
	link->fd = autofd_steal(&fd);
	link->acceptor = g_thread_new("control", accept_loop, link);
	return TRUE;
}

void gateway_link_stop(GatewayLink *link)
{
	GHashTableIter iter;
	gpointer c;

	if (!link)
		return;
	g_mutex_lock(&link->lock);
	link->stopping = TRUE;
	g_mutex_unlock(&link->lock);
	if (link->acceptor) {
		shutdown(link->fd, SHUT_RDWR);
		g_thread_join(link->acceptor);
		close(link->fd);
		g_unlink(link->core->options->control);
	}
	g_mutex_lock(&link->lock);
	g_hash_table_iter_init(&iter, link->connections);
	while (g_hash_table_iter_next(&iter, &c, NULL))
		shutdown(((GatewayConnection *)c)->fd, SHUT_RDWR);
	while (g_hash_table_size(link->connections) > 0)
		g_cond_wait(&link->empty, &link->lock);
	g_mutex_unlock(&link->lock);
	g_thread_pool_free(link->pool, FALSE, TRUE);
}

void gateway_link_free(GatewayLink *link)
{
	if (!link)
		return;
	g_hash_table_destroy(link->connections);
	g_mutex_clear(&link->lock);
	g_cond_clear(&link->empty);
	g_free(link);
}

/* Those that have said hello and are there; each with a reference. */
static GPtrArray *linked(GatewayLink *link)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(connection_unref);
	GHashTableIter iter;
	gpointer key;

	g_mutex_lock(&link->lock);
	g_hash_table_iter_init(&iter, link->connections);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		GatewayConnection *c = key;

		g_mutex_lock(&c->lock);
		if (c->name && !c->gone)
			g_ptr_array_add(all, connection_ref(c));
		g_mutex_unlock(&c->lock);
	}
	g_mutex_unlock(&link->lock);
	return all;
}

unsigned gateway_link_count(GatewayLink *link)
{
	g_autoptr(GPtrArray) all = linked(link);

	return all->len;
}

void gateway_link_end(GatewayLink *link, const char *lease, Fault code, const char *reason)
{
	ControlMessage end = {.type = CONTROL_END, .lease = (char *)lease,
		.fault = (char *)fault_info(code)->name, .reason = (char *)reason};
	g_autoptr(GPtrArray) all = linked(link);

	for (guint i = 0; i < all->len; i++)
		gateway_connection_send(all->pdata[i], &end, -1);
}
