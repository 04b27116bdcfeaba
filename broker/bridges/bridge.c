/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bridge: see bridge.h. */
#include "bridges/bridge.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "autofd.h"
#include "control/control.h"
#include "desktops/desktop.h"
#include "fault.h"
#include "log.h"
#include "provider/dial.h"
#include "provider/dial_pair.h"
#include "secret.h"
#include "sessions/session.h"
#include "store_lease.h"

#define READY_MS     25000 /* the bridge itself gives up a little sooner */
#define DIAL_SECONDS 5
#define PACKET_MAX   (CONTROL_MAX + 4)

Bridge *bridge_new(Core *core, const char *lease, const Seat *seat, const char *source,
		   const char *password)
{
	Bridge *bridge = g_new0(Bridge, 1);

	bridge->core = core;
	bridge->lease = g_strdup(lease);
	bridge->desktop = g_strdup(seat->row->id);
	bridge->user = g_strdup(seat->row->owner);
	bridge->password = secret_dup(password);
	bridge->source = source;
	bridge->over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return bridge;
}

void bridge_free(Bridge *bridge)
{
	if (!bridge)
		return;
	g_free(bridge->lease);
	g_free(bridge->desktop);
	g_free(bridge->user);
	if (bridge->over >= 0)
		close(bridge->over);
	secret_free(bridge->password);
	g_free(bridge);
}

/* ---- what the broker says */

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
	    !desktop_display(seat, bridge->source, FALSE, bridge->password, &endpoint, &fd, error))
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

gboolean bridge_is_live(const Bridge *bridge, GError **error)
{
	g_auto(Grant) grant = {0};

	if (!session_find(bridge->core, bridge->lease, &grant, error))
		return FALSE;
	if (g_strcmp0(grant.desktop, bridge->desktop) == 0)
		return TRUE;
	g_set_error(error, FAULT, FAULT_ENDED, "the session is on another desktop");
	return FALSE;
}

gboolean bridge_send_client(const Child *child, const char *face, const char *lease, int *out_fd,
			    GError **error)
{
	ControlMessage client = {.type = CONTROL_CLIENT, .lease = (char *)lease};
	autofd int ours = -1, its = -1;
	int pair[2];

	if (!dial_pair(face, pair, error))
		return FALSE;
	ours = pair[0];
	its = pair[1];
	if (!say(child, &client, its)) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "the bridge has gone");
		return FALSE;
	}
	*out_fd = autofd_steal(&ours);
	return TRUE;
}

/* ---- what it asks */

static void answer_dial(const Bridge *bridge, const ControlMessage *request)
{
	g_autoptr(GError) error = NULL;
	LogContext context = {.session = bridge->lease, .user = bridge->user, .step = "bridge"};
	ControlMessage refuse = {.type = CONTROL_REFUSE, .id = request->id};

	if (bridge_is_live(bridge, &error) && send_display(bridge, request->id, &error))
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

/* ---- from its start to its end */

gboolean bridge_start(Bridge *bridge, const char *face, const char *config, int *out_fd,
		      GError **error)
{
	const Options *options = bridge->core->options;
	const char *const argv[] = {options->bridge, face, options->keyboard, NULL};
	const char *const environment[] = {"LANG=C.UTF-8", "HOME=/", config, NULL};
	gint64 deadline = g_get_monotonic_time() + READY_MS * G_TIME_SPAN_MILLISECOND;

	return child_start(&bridge->child, argv, environment, error) &&
	       send_display(bridge, 1, error) && await_picture(bridge, deadline, error) &&
	       store_lease_set_via(bridge->core->db, bridge->lease, bridge->source, error) &&
	       bridge_send_client(&bridge->child, face, bridge->lease, out_fd, error);
}

static void log_end(const Bridge *bridge, const ControlMessage *m)
{
	LogContext context = {.session = bridge->lease, .user = bridge->user, .step = "bridge"};

	log_info(&context, "bridge from %s ended fault=%s: %s", bridge->source, m->fault,
		 m->reason ? m->reason : "");
}

gboolean bridge_serve(const Bridge *bridge, int quit)
{
	struct pollfd fds[] = {
		{bridge->child.fd, POLLIN, 0}, {bridge->over, POLLIN, 0}, {quit, POLLIN, 0}};

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

void bridge_stop(Bridge *bridge)
{
	const ControlMessage end = {
		.type = CONTROL_END, .lease = bridge->lease, .fault = (char *)"ended"};

	say(&bridge->child, &end, -1);
	child_stop(&bridge->child, "bridge");
}
