/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_display: see libvirt_display.h. */
#include "libvirt/libvirt_display.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"
#include "dial.h"
#include "dial_pair.h"
#include "fault.h"
#include "libvirt/libvirt_link.h"
#include "log.h"
#include "secret.h"

#define PORT_LEAST 5900 /* for VNC displays, as VMware has them */
#define PORT_MOST  5964

#define TICKET_SECONDS 60 /* until the gateway must have got in */

gboolean libvirt_display_find(virDomainPtr domain, const char *protocol, LibvirtGraphics *out,
			      GError **error)
{
	char *xml = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_SECURE);
	gboolean found;

	if (!xml) {
		libvirt_set_error(error, FAULT_DESKTOP, "domain has no XML");
		return FALSE;
	}
	found = libvirt_graphics_find(xml, protocol, out, error);
	secret_wipe(xml, strlen(xml));
	free(xml);
	return found;
}

/* Which ports domains have already, ours or not. */
static gboolean take_ports(virConnectPtr connection, gboolean *taken, GError **error)
{
	g_autoptr(GPtrArray) domains = libvirt_domains(connection, error);

	for (guint i = 0; domains && i < domains->len; i++) {
		g_auto(LibvirtGraphics) graphics = {0};

		if (libvirt_display_find(domains->pdata[i], "vnc", &graphics, NULL) &&
		    graphics.port >= PORT_LEAST && graphics.port <= PORT_MOST)
			taken[graphics.port - PORT_LEAST] = TRUE;
	}
	return domains != NULL;
}

/* Somebody listens there, at any address of this machine: the gateway itself, on 5900. */
static gboolean is_listened_at(guint16 port)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;

	/* Connections of whoever has left the port do not count. */
	return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
	       bind(fd, (const struct sockaddr *)&any, sizeof any) < 0 && errno == EADDRINUSE;
}

gboolean libvirt_display_free_port(virConnectPtr connection, gboolean here, guint16 *out_port,
				   GError **error)
{
	gboolean taken[PORT_MOST - PORT_LEAST + 1] = {FALSE};

	if (!take_ports(connection, taken, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
		if (!taken[i] && !(here && is_listened_at((guint16)(PORT_LEAST + i)))) {
			*out_port = (guint16)(PORT_LEAST + i);
			return TRUE;
		}
	}
	g_set_error(error, FAULT, FAULT_DESKTOP, "ports %u to %u, for VNC displays, are all taken",
		    PORT_LEAST, PORT_MOST);
	return FALSE;
}

gboolean libvirt_display_set_password(virDomainPtr domain, const LibvirtGraphics *graphics,
				      const char *password, unsigned seconds, GError **error)
{
	autosecret char *update = libvirt_graphics_update(
		graphics, password, g_get_real_time() / G_USEC_PER_SEC + seconds);

	if (virDomainUpdateDeviceFlags(domain, update, VIR_DOMAIN_AFFECT_LIVE) == 0)
		return TRUE;
	libvirt_set_error(error, FAULT_DESKTOP, "display takes no password");
	return FALSE;
}

static int open_far(virDomainPtr domain, const LibvirtGraphics *graphics, GError **error)
{
	autofd int ours = -1, its = -1;
	int pair[2];

	if (!dial_pair("spice", pair, error))
		return -1;
	ours = pair[0];
	its = pair[1];
	if (virDomainOpenGraphics(domain, graphics->index, its,
				  VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH) == 0)
		return autofd_steal(&ours);
	libvirt_set_error(error, FAULT_DESKTOP, "takes no TCP connection");
	return -1;
}

int libvirt_display_open(virDomainPtr domain, const LibvirtGraphics *graphics, const char *protocol,
			 gboolean far)
{
	LogContext context = {.desktop = virDomainGetName(domain), .step = "display"};
	g_autoptr(GError) why = NULL;
	int fd = far && g_str_equal(protocol, "spice") ? open_far(domain, graphics, &why) : -1;

	if (fd >= 0)
		return fd;
	if (why)
		log_warning(&context, "its pictures come unpacked: %s", why->message);
	/* A Unix socket that libvirt has made; SELinux may let a domain have no other. */
	return virDomainOpenGraphicsFD(domain, graphics->index, VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH);
}

/* "Everywhere" and "its own loop" mean the host that the URI names. */
static const char *reachable_host(const LibvirtGraphics *graphics, const char *server)
{
	static const char *const nowhere[] = {"0.0.0.0", "::", "127.0.0.1", "::1", NULL};

	if (graphics->host && !g_strv_contains(nowhere, graphics->host))
		return graphics->host;
	return server ? server : "127.0.0.1";
}

/*
 * A password that is good from now on. A domain has one for all: while somebody may still be on the
 * way with the last one, that one is good for longer, and no other takes its place.
 */
static char *grant_password(virDomainPtr domain, GMutex *passwords, const char *protocol,
			    GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(passwords);
	g_auto(LibvirtGraphics) graphics = {0};
	autosecret char *password = NULL;

	if (!libvirt_display_find(domain, protocol, &graphics, error))
		return NULL;
	if (graphics.password && graphics.until > g_get_real_time() / G_USEC_PER_SEC) {
		password = secret_dup(graphics.password);
	} else {
		password = secret_generate();
		/* VNC looks at eight characters only, and libvirt refuses more. */
		if (g_str_equal(protocol, "vnc"))
			password[8] = '\0';
	}
	if (!libvirt_display_set_password(domain, &graphics, password, TICKET_SECONDS, error))
		return NULL;
	return g_steal_pointer(&password);
}

gboolean libvirt_display_address(virDomainPtr domain, const LibvirtGraphics *graphics,
				 const char *server, GMutex *passwords, const char *protocol,
				 unsigned seconds, Endpoint *out_endpoint, GError **error)
{
	guint16 port = graphics->tls_port ? graphics->tls_port : graphics->port;
	autosecret char *password = NULL;
	char *host = NULL;
	int fd;

	if (port == 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: %s listens nowhere",
			    virDomainGetName(domain), protocol);
		return FALSE;
	}
	fd = dial_tcp(reachable_host(graphics, server), port, dial_deadline(seconds), &host, error);
	if (fd < 0)
		return FALSE;
	close(fd);
	password = passwords ? grant_password(domain, passwords, protocol, error)
			     : secret_dup(graphics->password);
	if (passwords && !password) {
		g_free(host);
		return FALSE;
	}
	*out_endpoint = (Endpoint){
		.protocol = g_strdup(protocol),
		.host = host,
		.port = port,
		.tls = graphics->tls_port != 0,
		.password = g_steal_pointer(&password),
	};
	return TRUE;
}
