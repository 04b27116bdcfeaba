/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desktop_dial: the way to a desktop's display, for one connection of a gateway. Host names are
 * resolved here, on a worker thread: a gateway's loop never waits for a name server. */
#include "desktops/desktop.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"
#include "bridges/bridges.h"
#include "desktops/seat.h"
#include "fault.h"
#include "secret.h"

#define DISPLAY_SECONDS 5  /* it has answered before                  */
#define TICKET_SECONDS  60 /* of the display's own password           */
#define VNC_PASSWORD    8  /* characters: RFB cuts there, QEMU refuses more */

static gboolean resolve(Endpoint *endpoint, GError **error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *found = NULL;
	char numeric[NI_MAXHOST];
	int rc = getaddrinfo(endpoint->host, NULL, &hints, &found);

	if (rc == 0)
		rc = getnameinfo(found->ai_addr, found->ai_addrlen, numeric, sizeof numeric, NULL,
				 0, NI_NUMERICHOST);
	if (found)
		freeaddrinfo(found);
	if (rc) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: %s", endpoint->host,
			    gai_strerror(rc));
		return FALSE;
	}
	g_free(endpoint->host);
	endpoint->host = g_strdup(numeric);
	return TRUE;
}

/* A descriptor is proof enough; an address without a password of its own gets one that expires. */
static gboolean set_password(const Seat *seat, const char *protocol, const char *password,
			     Endpoint *endpoint, GError **error)
{
	if (endpoint->has_fd || endpoint->password || !seat->ops->set_ticket ||
	    !(seat->able.caps & PROVIDER_TICKETS))
		return TRUE;
	endpoint->password = g_str_equal(protocol, "vnc") ? secret_ndup(password, VNC_PASSWORD)
							  : secret_dup(password);
	return seat->ops->set_ticket(seat->provider, &seat->spec, protocol, endpoint->password,
				     TICKET_SECONDS, error);
}

gboolean desktop_display(const Seat *seat, const char *protocol, gboolean far, const char *password,
			 Endpoint *out_endpoint, int *out_fd, GError **error)
{
	g_auto(Endpoint) endpoint = {0};
	autofd int fd = -1;

	if (!seat->ops->display(seat->provider, &seat->spec, protocol, far, DISPLAY_SECONDS,
				&endpoint, &fd, error) ||
	    !set_password(seat, protocol, password, &endpoint, error) ||
	    (!endpoint.has_fd && !resolve(&endpoint, error)))
		return FALSE;
	*out_endpoint = endpoint;
	*out_fd = autofd_steal(&fd);
	memset(&endpoint, 0, sizeof endpoint);
	return TRUE;
}

gboolean desktop_dial(Core *core, const char *lease, const char *id, const char *face,
		      const char *password, Endpoint *out_endpoint, int *out_fd, GError **error)
{
	g_autoptr(Seat) seat = seat_load(core, id, error);
	const char *source;

	if (!seat)
		return FALSE;
	source = bridges_source(core, seat->ops->displays(seat->provider, &seat->spec), face);
	if (!source) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s has no %s display", seat->row->name,
			    face);
		return FALSE;
	}
	return g_str_equal(source, face)
		       ? desktop_display(seat, face, TRUE, password, out_endpoint, out_fd, error)
		       : bridges_dial(core, lease, seat, face, source, password, out_endpoint,
				      out_fd, error);
}
