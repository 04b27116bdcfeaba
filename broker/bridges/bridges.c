/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bridges: see bridges.h. A thread for each bridge answers it; it ends with the bridge. */
#include "bridges/bridges.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "autofd.h"
#include "bridges/bridge.h"
#include "fault.h"
#include "log.h"

#define FACES (PROVIDER_VNC | PROVIDER_SPICE) /* that oriel-bridge has */

struct Bridges {
	Core *core;
	GMutex lock;
	GCond less;
	GHashTable *by_lease; /* Bridge, not owned: its thread has it */
	GHashTable *all;      /* a set: those, and what came before in their place */
	unsigned n;           /* started and not ended                 */
	char *config;         /* a variable of the bridges' environment      */
	int quit;             /* eventfd: readable from bridges_stop() on */
};

/* FreeRDP connects only if it finds the directories of certificates that it knows, which it would
 * make where it may write. They stay empty: the bridge decides by the machine's CA. */
static char *make_config(const char *state)
{
	g_autofree char *dir = g_build_filename(state, "bridge", NULL);
	g_autofree char *certs = g_build_filename(dir, "freerdp", "certs", NULL);
	g_autofree char *server = g_build_filename(dir, "freerdp", "server", NULL);

	if (g_mkdir_with_parents(certs, 0700) < 0 || g_mkdir_with_parents(server, 0700) < 0)
		log_warning(NULL, "%s cannot be made: no desktop with RDP can be reached", dir);
	return g_strconcat("XDG_CONFIG_HOME=", dir, NULL);
}

Bridges *bridges_new(Core *core)
{
	Bridges *bridges = g_new0(Bridges, 1);

	bridges->core = core;
	bridges->config = make_config(core->options->state);
	g_mutex_init(&bridges->lock);
	g_cond_init(&bridges->less);
	bridges->by_lease = g_hash_table_new(g_str_hash, g_str_equal);
	bridges->all = g_hash_table_new(NULL, NULL);
	bridges->quit = eventfd(0, EFD_CLOEXEC);
	return bridges;
}

void bridges_stop(Bridges *bridges)
{
	if (bridges == NULL)
		return;
	eventfd_write(bridges->quit, 1);
	g_mutex_lock(&bridges->lock);
	while (bridges->n > 0)
		g_cond_wait(&bridges->less, &bridges->lock);
	g_mutex_unlock(&bridges->lock);
}

void bridges_free(Bridges *bridges)
{
	if (bridges == NULL)
		return;
	g_hash_table_destroy(bridges->by_lease);
	g_hash_table_destroy(bridges->all);
	g_mutex_clear(&bridges->lock);
	g_cond_clear(&bridges->less);
	close(bridges->quit);
	g_free(bridges->config);
	g_free(bridges);
}

/* ---- which */

static gboolean has(const Core *core)
{
	return *core->options->bridge != '\0';
}

unsigned bridges_faces(const Core *core, unsigned displays)
{
	unsigned own = displays & (PROVIDER_VNC | PROVIDER_SPICE);

	return displays != 0 && has(core) ? own | FACES : own;
}

/* SPICE before RDP: the nearer to the picture's own pixels. */
const char *bridges_source(const Core *core, unsigned displays, const char *face)
{
	unsigned wanted = g_str_equal(face, "vnc") ? PROVIDER_VNC : PROVIDER_SPICE;

	if (displays & wanted)
		return wanted == PROVIDER_VNC ? "vnc" : "spice";
	if (!(bridges_faces(core, displays) & wanted))
		return NULL;
	return displays & PROVIDER_VNC ? "vnc" : displays & PROVIDER_SPICE ? "spice" : "rdp";
}

/* ---- its thread */

static void forget(Bridges *bridges, Bridge *bridge)
{
	g_mutex_lock(&bridges->lock);
	if (g_hash_table_lookup(bridges->by_lease, bridge->lease) == bridge)
		g_hash_table_remove(bridges->by_lease, bridge->lease);
	g_hash_table_remove(bridges->all, bridge);
	g_mutex_unlock(&bridges->lock);
}

static void one_less(Bridges *bridges)
{
	g_mutex_lock(&bridges->lock);
	bridges->n--;
	g_cond_broadcast(&bridges->less);
	g_mutex_unlock(&bridges->lock);
}

static gpointer run(gpointer data)
{
	g_autoptr(Bridge) bridge = data;
	Bridges *bridges = bridge->core->bridges;
	gboolean gone = bridge_serve(bridge, bridges->quit);

	forget(bridges, bridge);
	if (gone)
		bridge_stop(bridge);
	else
		child_leave(&bridge->child);
	one_less(bridges);
	return NULL;
}

/* ---- dial */

static gboolean take_place(Bridges *bridges, GError **error)
{
	gboolean room;

	g_mutex_lock(&bridges->lock);
	room = bridges->n < (unsigned)bridges->core->options->max_bridges;
	bridges->n += room;
	g_mutex_unlock(&bridges->lock);
	if (!room)
		g_set_error(error, FAULT, FAULT_BUSY, "max_bridges (%d) run already",
			    bridges->core->options->max_bridges);
	return room;
}

/* Under the lock: its client goes elsewhere. */
static void dismiss(Bridges *bridges, const Bridge *bridge)
{
	g_hash_table_remove(bridges->by_lease, bridge->lease);
	eventfd_write(bridge->over, 1);
}

/* To the bridge that the lease has already; -1 = none that can be of use. Of one that has just died
 * its own thread may not know yet: it does not take a message, or whoever comes to it has the one
 * connection that a VNC viewer has behind it. It is sent to without the lock: one that was taken
 * over may not read. */
static int dial_known(Bridges *bridges, const char *lease, const char *face)
{
	autofd int socket = -1;
	Bridge *bridge;
	int fd = -1;

	g_mutex_lock(&bridges->lock);
	bridge = g_hash_table_lookup(bridges->by_lease, lease);
	if (bridge != NULL && g_str_equal(face, "vnc"))
		dismiss(bridges, bridge);
	else if (bridge != NULL)
		socket = fcntl(bridge->child.fd, F_DUPFD_CLOEXEC, 3);
	g_mutex_unlock(&bridges->lock);
	if (socket < 0 || bridge_send_client(&(Child){.fd = socket}, face, lease, &fd, NULL))
		return fd;
	g_mutex_lock(&bridges->lock);
	if (g_hash_table_lookup(bridges->by_lease, lease) == bridge)
		dismiss(bridges, bridge);
	g_mutex_unlock(&bridges->lock);
	return -1;
}

void bridges_end(Bridges *bridges, const char *lease)
{
	GHashTableIter iter;
	gpointer bridge;

	g_mutex_lock(&bridges->lock);
	g_hash_table_iter_init(&iter, bridges->all);
	while (g_hash_table_iter_next(&iter, &bridge, NULL)) {
		if (g_str_equal(((Bridge *)bridge)->lease, lease))
			eventfd_write(((Bridge *)bridge)->over, 1);
	}
	g_mutex_unlock(&bridges->lock);
}

static gboolean dial_new(Core *core, const char *lease, const Seat *seat, const char *face,
			 const char *source, const char *password, int *out_fd, GError **error)
{
	g_autoptr(GError) why = NULL;
	Bridge *bridge;

	if (!take_place(core->bridges, error))
		return FALSE;
	bridge = bridge_new(core, lease, seat, source, password);
	if (!bridge_start(bridge, face, core->bridges->config, out_fd, error)) {
		child_stop(&bridge->child, "bridge");
		bridge_free(bridge);
		one_less(core->bridges);
		return FALSE;
	}
	g_mutex_lock(&core->bridges->lock);
	g_hash_table_replace(core->bridges->by_lease, bridge->lease, bridge);
	g_hash_table_add(core->bridges->all, bridge);
	g_mutex_unlock(&core->bridges->lock);
	/* Since it was begun: nobody will say so again. */
	if (!bridge_is_live(bridge, &why) && !g_error_matches(why, FAULT, FAULT_BROKER))
		eventfd_write(bridge->over, 1);
	g_thread_unref(g_thread_new("bridge", run, bridge));
	return TRUE;
}

gboolean bridges_dial(Core *core, const char *lease, const Seat *seat, const char *face,
		      const char *source, const char *password, Endpoint *out_endpoint, int *out_fd,
		      GError **error)
{
	*out_fd = dial_known(core->bridges, lease, face);
	if (*out_fd < 0 && !dial_new(core, lease, seat, face, source, password, out_fd, error))
		return FALSE;
	*out_endpoint = (Endpoint){.protocol = g_strdup(face), .has_fd = TRUE};
	return TRUE;
}
