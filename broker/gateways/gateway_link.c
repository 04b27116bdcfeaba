/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gateway_link: see gateway_link.h. The socket, and the set of those who came. */
#include "gateways/gateway_link.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "autofd.h"
#include "gateways/gateway_connection.h"
#include "log.h"

#define LOGINS_EACH     8    /* a login also waits for its desktop to start: of one person */
#define CONNECTIONS_MAX 1024 /* each has a thread; a gateway makes one for each worker */
#define EACH_MAX        256  /* of those, of one process: a tunnel has all beyond it */
#define PATIENCE        10
#define KEPT            (1 * G_USEC_PER_SEC)

static pid_t process_of(int fd)
{
	struct ucred who;
	socklen_t size = sizeof who;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 ? who.pid : 0;
}

/* The others' places stay theirs. */
static gboolean has_room(GatewayLink *link, pid_t id)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&link->lock);
	const GatewayProcess *process = gateway_process_find(link->processes, id);

	return (!process || process->connections < link->each) &&
	       g_hash_table_size(link->connections) < link->most;
}

static gpointer accept_loop(gpointer data)
{
	GatewayLink *link = data;
	gboolean full = FALSE; /* one line in the log for many that are too many */

	for (;;) {
		int fd = accept4(link->fd, NULL, NULL, SOCK_CLOEXEC);
		pid_t process = fd >= 0 ? process_of(fd) : 0;

		if (fd >= 0 && has_room(link, process)) {
			gateway_connection_start(link, fd, process);
			full = FALSE;
		} else if (fd >= 0) {
			close(fd);
			if (!full)
				log_warning(NULL,
					    "process %d is one connection of gateways too many",
					    (int)process);
			full = TRUE;
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			   errno == ENOBUFS) {
			g_usleep(G_USEC_PER_SEC / 10); /* it stays in the queue meanwhile */
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return NULL; /* gateway_link_stop() has shut it down */
		}
	}
}

/* ---- the link */

/* A process leaves a quarter of the threads to others, and may be the only one. As many may wait as
 * a gateway has kept for a broker that was away; of logins as many as PAM has done before who waits
 * gives up. */
static const LaneRules rules[LANES] = {
	[LANE_SLOW] = {128, 96, 1024, gateway_connection_run, gateway_connection_drop},
	[LANE_LOGIN] = {64, 48, 256, gateway_connection_run, gateway_connection_drop},
};

GatewayLink *gateway_link_new(Core *core)
{
	GatewayLink *link = g_new0(GatewayLink, 1);

	link->core = core;
	link->fd = -1;
	link->most = CONNECTIONS_MAX;
	link->each = EACH_MAX;
	link->patience = PATIENCE;
	link->kept = KEPT;
	g_mutex_init(&link->lock);
	g_cond_init(&link->empty);
	g_cond_init(&link->stops);
	link->connections = g_hash_table_new_full(NULL, NULL, gateway_connection_unref, NULL);
	link->counted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	link->processes = gateway_processes_new();
	link->follows = follows_new();
	link->opening = quota_new(LOGINS_EACH);
	for (unsigned i = 0; i < LANES; i++)
		link->lanes[i] = lane_new(&rules[i]);
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
	g_cond_broadcast(&link->stops);
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
	for (unsigned i = 0; i < LANES; i++)
		lane_free(g_steal_pointer(&link->lanes[i]));
}

void gateway_link_free(GatewayLink *link)
{
	if (!link)
		return;
	g_hash_table_destroy(link->connections);
	g_hash_table_destroy(link->processes);
	g_hash_table_destroy(link->counted);
	follows_free(link->follows);
	quota_free(link->opening);
	g_mutex_clear(&link->lock);
	g_cond_clear(&link->empty);
	g_cond_clear(&link->stops);
	g_free(link);
}

/* Those that have said hello and are there; each with a reference. */
static GPtrArray *linked(GatewayLink *link)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(gateway_connection_unref);
	GHashTableIter iter;
	gpointer key;

	g_mutex_lock(&link->lock);
	g_hash_table_iter_init(&iter, link->connections);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		GatewayConnection *c = key;

		g_mutex_lock(&c->lock);
		if (c->name && !c->gone)
			g_ptr_array_add(all, gateway_connection_ref(c));
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

void gateway_link_tell(GatewayLink *link, const ControlMessage *message)
{
	g_autoptr(GPtrArray) all = linked(link);

	for (guint i = 0; i < all->len; i++)
		gateway_connection_send(all->pdata[i], message, -1);
}

gboolean gateway_link_follow(GatewayLink *link, const ControlMessage *follow)
{
	gboolean news = follows_note(link->follows, follow);

	if (news)
		gateway_link_tell(link, follow);
	return news;
}

void gateway_connection_catch_up(GatewayConnection *connection)
{
	g_autoptr(GPtrArray) all = follows_recent(connection->link->follows);

	for (guint i = 0; i < all->len; i++)
		gateway_connection_send(connection, all->pdata[i], -1);
}

void gateway_link_end(GatewayLink *link, const char *lease, Fault code, const char *reason)
{
	ControlMessage end = {.type = CONTROL_END,
			      .lease = (char *)lease,
			      .fault = (char *)fault_info(code)->name,
			      .reason = (char *)reason};

	gateway_link_tell(link, &end);
}

gboolean gateway_link_send(GatewayLink *link, gconstpointer connection,
			   const ControlMessage *message, int fd)
{
	g_autoptr(GPtrArray) all = linked(link);

	for (guint i = 0; i < all->len; i++) {
		if (all->pdata[i] == connection) {
			gateway_connection_send(all->pdata[i], message, fd);
			return TRUE;
		}
	}
	return FALSE;
}
