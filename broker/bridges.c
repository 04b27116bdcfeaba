/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bridges: see bridges.h. A thread for each bridge answers it; it ends with the bridge. */
#include "bridges.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"
#include "child.h"
#include "desktop.h"
#include "fault.h"
#include "log.h"
#include "provider/dial.h"
#include "secret.h"
#include "session.h"
#include "store_lease.h"

#define FACES        (PROVIDER_VNC | PROVIDER_SPICE) /* that oriel-bridge has */
#define READY_MS     25000 /* the bridge itself gives up a little sooner */
#define DIAL_SECONDS 5
#define PACKET_MAX   (CONTROL_MAX + 4)

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

typedef struct {
	Core *core;
	Child child;
	char *lease, *desktop, *password, *user;
	const char *source;
	int over; /* eventfd: readable when nobody is to be behind it any more */
} Bridge;

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

/* ---- one bridge */

static void bridge_free(Bridge *bridge)
{
	g_free(bridge->lease);
	g_free(bridge->desktop);
	g_free(bridge->user);
	if (bridge->over >= 0)
		close(bridge->over);
	secret_free(bridge->password);
	g_free(bridge);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bridge, bridge_free)

static gboolean say(const Child *child, const ControlMessage *message, int fd)
{
	GByteArray *bytes = control_encode(message);
	gboolean sent = child_send(child, bytes->data, bytes->len, fd);

	control_wipe(bytes);
	return sent;
}

/* Always as a descriptor: a bridge may not dial. */
static gboolean connect_display(const Bridge *bridge, Endpoint *out, int *out_fd, GError **error)
{
	g_autoptr(Seat) seat = seat_load(bridge->core, bridge->desktop, error);
	g_auto(Endpoint) endpoint = {0};
	autofd int fd = -1;

	if (!seat ||
	    !desktop_display(seat, bridge->source, bridge->password, &endpoint, &fd, error))
		return FALSE;
	if (endpoint.tls) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "%s: its display wants TLS, which a bridge cannot speak",
			    seat->row->name);
		return FALSE;
	}
	if (!endpoint.has_fd)
		fd = dial_tcp(endpoint.host, endpoint.port, dial_deadline(DIAL_SECONDS), NULL,
			      error);
	if (fd < 0)
		return FALSE;
	g_clear_pointer(&endpoint.host, g_free);
	endpoint.port = 0;
	endpoint.has_fd = TRUE;
	*out = endpoint;
	*out_fd = autofd_steal(&fd);
	memset(&endpoint, 0, sizeof endpoint);
	return TRUE;
}

/* A display for the bridge: the answer to its start, or to a dial of its own. */
static gboolean send_display(const Bridge *bridge, guint64 id, GError **error)
{
	g_auto(Endpoint) endpoint = {0};
	autofd int fd = -1;
	ControlMessage lease = {.type = CONTROL_LEASE, .id = id, .lease = bridge->lease};

	if (!connect_display(bridge, &endpoint, &fd, error))
		return FALSE;
	lease.endpoint = endpoint; /* borrowed */
	if (say(&bridge->child, &lease, fd))
		return TRUE;
	g_set_error(error, FAULT, FAULT_DESKTOP, "the bridge has gone");
	return FALSE;
}

/* The desktop may be somebody else's by now. */
static gboolean is_live(const Bridge *bridge, GError **error)
{
	g_auto(Grant) grant = {0};

	if (!session_find(bridge->core, bridge->lease, &grant, error))
		return FALSE;
	if (g_strcmp0(grant.desktop, bridge->desktop) == 0)
		return TRUE;
	g_set_error(error, FAULT, FAULT_ENDED, "the session is on another desktop");
	return FALSE;
}

static void answer_dial(const Bridge *bridge, const ControlMessage *request)
{
	g_autoptr(GError) error = NULL;
	LogContext context = {.session = bridge->lease, .user = bridge->user, .step = "bridge"};
	ControlMessage refuse = {.type = CONTROL_REFUSE, .id = request->id};

	if (is_live(bridge, &error) && send_display(bridge, request->id, &error))
		return;
	log_warning(&context, "%s", error->message);
	refuse.fault = (char *)fault_info(fault_code(error))->name;
	refuse.reason = error->message;
	say(&bridge->child, &refuse, -1);
}

/* The next message, without waiting: 1; 0 = none; -1 = it has gone or spoke nonsense. */
static int hear(const Bridge *bridge, ControlMessage *out)
{
	g_autofree guint8 *bytes = g_malloc(PACKET_MAX);
	gssize n = child_receive(&bridge->child, bytes, PACKET_MAX);

	return n > 0 && control_decode(bytes, (gsize)n, out, NULL) == n ? 1 : n == 0 ? 0 : -1;
}

/* Answers what it asks until it has said ok or refuse. */
static gboolean await_picture(const Bridge *bridge, gint64 deadline, GError **error)
{
	struct pollfd ready = {.fd = bridge->child.fd, .events = POLLIN};

	while (poll(&ready, 1, dial_milliseconds(deadline)) > 0) {
		g_auto(ControlMessage) m = {0};
		Fault fault = FAULT_DESKTOP;
		int n = hear(bridge, &m);

		if (n > 0 && m.type == CONTROL_OK)
			return TRUE;
		if (n > 0 && m.type == CONTROL_DIAL) {
			answer_dial(bridge, &m);
			continue;
		}
		if (n > 0 && m.type == CONTROL_REFUSE)
			fault_from_name(m.fault, &fault);
		else if (n >= 0)
			continue;
		g_set_error(error, FAULT, fault == FAULT_ENDED ? FAULT_DESKTOP : fault, "%s",
			    m.reason ? m.reason : "the bridge to the desktop ended");
		return FALSE;
	}
	g_set_error(error, FAULT, FAULT_TIMEOUT, "the desktop showed no picture in time");
	return FALSE;
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

static void log_end(const Bridge *bridge, const ControlMessage *m)
{
	LogContext context = {.session = bridge->lease, .user = bridge->user, .step = "bridge"};

	log_info(&context, "bridge from %s ended fault=%s: %s", bridge->source, m->fault,
		 m->reason ? m->reason : "");
}

/* Until the bridge has gone or has to go, or the broker stops. FALSE: the broker stops. */
static gboolean serve(Bridges *bridges, const Bridge *bridge)
{
	struct pollfd fds[] = {{bridge->child.fd, POLLIN, 0},
			       {bridge->over, POLLIN, 0},
			       {bridges->quit, POLLIN, 0}};

	while (poll(fds, G_N_ELEMENTS(fds), -1) > 0 && !fds[2].revents) {
		g_auto(ControlMessage) m = {0};
		int n = fds[1].revents ? -1 : hear(bridge, &m);

		if (n < 0)
			return TRUE;
		if (n > 0 && m.type == CONTROL_DIAL)
			answer_dial(bridge, &m);
		if (n > 0 && m.type == CONTROL_ENDED)
			log_end(bridge, &m);
	}
	return FALSE;
}

static gpointer run(gpointer data)
{
	g_autoptr(Bridge) bridge = data;
	Bridges *bridges = bridge->core->bridges;
	gboolean gone = serve(bridges, bridge);
	const ControlMessage end = {
		.type = CONTROL_END, .lease = bridge->lease, .fault = (char *)"ended"};

	forget(bridges, bridge);
	if (gone)
		say(&bridge->child, &end, -1);
	if (gone)
		child_stop(&bridge->child, "bridge");
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

/* A connected pair: the client's end, and the bridge's, which is sent. */
static gboolean send_client(const Child *child, const char *lease, int *out_fd, GError **error)
{
	ControlMessage client = {.type = CONTROL_CLIENT, .lease = (char *)lease};
	autofd int ours = -1, its = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		fault_set_errno(error, FAULT_BUG, "socketpair");
		return FALSE;
	}
	ours = pair[0];
	its = pair[1];
	if (!say(child, &client, its)) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "the bridge has gone");
		return FALSE;
	}
	*out_fd = autofd_steal(&ours);
	return TRUE;
}

static gboolean start(Bridge *bridge, const char *face, int *out_fd, GError **error)
{
	const Options *options = bridge->core->options;
	const char *const argv[] = {options->bridge, face, options->keyboard, NULL};
	const char *const environment[] = {"LANG=C.UTF-8", "HOME=/", bridge->core->bridges->config,
					   NULL};
	gint64 deadline = g_get_monotonic_time() + READY_MS * G_TIME_SPAN_MILLISECOND;

	return child_start(&bridge->child, argv, environment, error) &&
	       send_display(bridge, 1, error) && await_picture(bridge, deadline, error) &&
	       store_lease_set_via(bridge->core->db, bridge->lease, bridge->source, error) &&
	       send_client(&bridge->child, bridge->lease, out_fd, error);
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
	if (socket < 0 || send_client(&(Child){.fd = socket}, lease, &fd, NULL))
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
	bridge = g_new0(Bridge, 1);
	bridge->core = core;
	bridge->lease = g_strdup(lease);
	bridge->desktop = g_strdup(seat->row->id);
	bridge->user = g_strdup(seat->row->owner);
	bridge->password = secret_dup(password);
	bridge->source = source;
	bridge->over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!start(bridge, face, out_fd, error)) {
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
	if (!is_live(bridge, &why) && !g_error_matches(why, FAULT, FAULT_BROKER))
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
