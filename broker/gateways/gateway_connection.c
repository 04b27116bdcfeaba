/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gateway_connection: see gateway_connection.h. */
#include "gateways/gateway_connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateways/gateway_answer.h"
#include "gateways/gateway_request.h"
#include "log.h"
#include "secret.h"
#include "sessions/session.h"

#define MESSAGE_MAX (CONTROL_MAX + 4) /* with its length */

typedef struct {
	GatewayConnection *connection; /* a reference */
	ControlMessage message;
} Request;

/* ---- connections */

GatewayConnection *gateway_connection_ref(GatewayConnection *c)
{
	g_atomic_int_inc(&c->refs);
	return c;
}

void gateway_connection_unref(gpointer data)
{
	GatewayConnection *c = data;

	if (!g_atomic_int_dec_and_test(&c->refs))
		return;
	close(c->fd);
	g_assert(g_queue_is_empty(&c->outbox));
	g_mutex_clear(&c->send);
	g_mutex_clear(&c->lock);
	g_free(c->name);
	g_free(c);
}

Core *gateway_connection_core(const GatewayConnection *c)
{
	return c->link->core;
}

const char *gateway_connection_name(const GatewayConnection *c)
{
	return c->name; /* set by the reader before any request can reach a lane */
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

/* ---- requests */

void gateway_connection_run(gpointer data)
{
	Request *request = data;
	g_autoptr(GError) error = NULL;

	if (!gateway_request_run(request->connection, &request->message, &error))
		shutdown(request->connection->fd, SHUT_RDWR);
}

void gateway_connection_drop(gpointer data)
{
	Request *request = data;
	GatewayConnection *c = request->connection;

	g_mutex_lock(&c->link->lock);
	c->process->requests--;
	gateway_process_left(c->link->processes, c->process);
	g_mutex_unlock(&c->link->lock);
	control_clear(&request->message);
	gateway_connection_unref(c);
	g_free(request);
}

/* Takes the message. It is refused if too many wait already; the others of its gateway, and those
 * of all other gateways, have their turns. */
static void request_push(GatewayConnection *c, LaneKind lane, ControlMessage *message)
{
	Request *request = g_new0(Request, 1);
	g_autoptr(GError) busy = NULL;

	request->connection = gateway_connection_ref(c);
	request->message = *message;
	memset(message, 0, sizeof *message);
	g_mutex_lock(&c->link->lock);
	c->process->requests++;
	g_mutex_unlock(&c->link->lock);
	if (lane_push(c->link->lanes[lane], &c->rows[lane], request))
		return;
	g_set_error(&busy, FAULT, FAULT_BUSY, "too many requests of this gateway are waiting");
	gateway_answer_refuse(c, &request->message, busy);
	gateway_connection_drop(request);
}

/* FALSE: hang up. */
static gboolean dispatch(GatewayConnection *c, ControlMessage *message, GError **error)
{
	LaneKind lane = c->name ? gateway_request_lane(message) : LANE_NONE;

	if (lane == LANE_NONE)
		return gateway_request_run(c, message, error);
	request_push(c, lane, message);
	return TRUE;
}

/* Everything whole in the n bytes; *out_used of them are done with. FALSE: hang up. */
static gboolean take_messages(GatewayConnection *c, guint8 *bytes, gsize n, gsize *out_used,
			      GError **error)
{
	*out_used = 0;
	while (*out_used < n) {
		g_auto(ControlMessage) message = {0};
		gssize used = control_decode(bytes + *out_used, n - *out_used, &message, error);

		if (used < 0)
			return FALSE;
		if (used == 0)
			return TRUE;
		*out_used += (gsize)used;
		if (!dispatch(c, &message, error))
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
		if (c->name) /* who has not said hello has no session to be looked for */
			sessions_gateway_gone(link->core, &asker);
		log_warning(NULL, "gateway %s has gone: %s", c->name ? c->name : "(no name)", why);
	}
}

/* What it asked for is for nobody any more. It may be freed on return. */
static void connection_leave(GatewayConnection *c, gint64 until)
{
	GatewayLink *link = c->link;

	for (unsigned i = 0; i < LANES; i++)
		lane_empty(link->lanes[i], &c->rows[i]);
	g_mutex_lock(&link->lock);
	/* Its place was taken until then, at least: who came and went as fast as that goes would
	 * have all leases looked at, and a thread begun, each time. */
	while (!link->stopping && g_cond_wait_until(&link->stops, &link->lock, until))
		;
	c->process->connections--;
	gateway_process_left(link->processes, c->process);
	g_hash_table_remove(link->connections, c);
	g_cond_signal(&link->empty);
	g_mutex_unlock(&link->lock);
}

static gpointer read_loop(gpointer data)
{
	GatewayConnection *c = data;
	gint64 until = g_get_monotonic_time() + c->link->kept;
	g_autoptr(GError) error = NULL;
	const char *why = "it closed the connection";
	guint8 *in = g_malloc(MESSAGE_MAX); /* there is room: a whole message would be taken */
	gsize have = 0;

	for (;;) {
		ssize_t n = recv(c->fd, in + have, MESSAGE_MAX - have, 0);
		gsize used;
		gboolean ok;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			why = g_strerror(errno);
		if (n <= 0)
			break;
		have += (gsize)n;
		ok = take_messages(c, in, have, &used, &error);
		memmove(in, in + used, have - used);
		secret_wipe(in + have - used, used);
		have -= used;
		if (!ok) {
			why = error->message;
			break;
		}
	}
	connection_dropped(c, why);
	secret_wipe(in, have);
	g_free(in);
	connection_leave(c, until);
	return NULL;
}

void gateway_connection_start(GatewayLink *link, int fd, pid_t process)
{
	struct timeval timeout = {.tv_sec = link->patience};
	GatewayConnection *c = g_new0(GatewayConnection, 1);
	GThread *reader;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	c->link = link;
	c->refs = 1;
	c->fd = fd;
	g_queue_init(&c->outbox);
	g_mutex_init(&c->send);
	g_mutex_init(&c->lock);
	g_mutex_lock(&link->lock);
	c->process = gateway_process_join(link->processes, process);
	for (unsigned i = 0; i < LANES; i++)
		c->rows[i].group = &c->process->groups[i];
	g_hash_table_add(link->connections, c);
	if (link->stopping)
		shutdown(fd, SHUT_RDWR);
	reader = g_thread_new("gateway", read_loop, c);
	g_mutex_unlock(&link->lock);
	g_thread_unref(reader); /* it ends by itself; gateway_link_stop() waits for the set */
}
