/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nic: see nic.h. */
#include "nic.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "fdpass.h"
#include "nic_name.h"

#define WHAT       "the network card"
#define BRIDGE     "bridge:"
#define LINE_BYTES 256

const char *nic_bridge(const char *network)
{
	return network && g_str_has_prefix(network, BRIDGE) ? network + strlen(BRIDGE) : NULL;
}

gboolean nic_network_ok(const char *network, GError **error)
{
	const char *bridge = nic_bridge(network);

	if (bridge ? nic_name_ok(bridge)
		   : g_str_equal(network, "user") || g_str_equal(network, "none"))
		return TRUE;
	g_set_error(error, FAULT, FAULT_CONFIG,
		    "a desktop's network is none, user or bridge:NAME, the name of a bridge of its"
		    " host");
	return FALSE;
}

gboolean nic_wanted(const char *network)
{
	return network && !g_str_equal(network, "none");
}

char *nic_mac(const char *desktop_id)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 mac[32];
	gsize n = sizeof(mac);

	g_checksum_update(sum, (const guchar *)"oriel network card\n", -1);
	g_checksum_update(sum, (const guchar *)desktop_id, -1);
	g_checksum_get_digest(sum, mac, &n);
	mac[0] = (guint8)((mac[0] & 0xfc) | 0x02); /* one station's; not a maker's */
	return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
			       mac[4], mac[5]);
}

int nic_ask(const char *socket, const char *network, gint64 deadline, GError **error)
{
	g_autoptr(GError) failure = NULL;
	const char *bridge = nic_bridge(network);
	g_autofree char *words = bridge ? g_strdup_printf("bridge %s\n", bridge)
					: g_strdup_printf("%s\n", network);
	autofd int fd = -1;

	if (!nic_network_ok(network, error))
		return -1;
	fd = dial_unix(socket, deadline, &failure);
	if (fd < 0) {
		g_set_error(error, FAULT, failure->code, WHAT ": %s (does oriel-nic.socket run?)",
			    failure->message);
		return -1;
	}
	/* Nothing was sent before it, so there is room for a line. */
	if (send(fd, words, strlen(words), MSG_NOSIGNAL) == (ssize_t)strlen(words))
		return autofd_steal(&fd);
	fault_set_errno(error, FAULT_DESKTOP, WHAT);
	return -1;
}

/* Byte by byte: what follows the line are frames already. The byte that a descriptor comes with is
 * no line's. */
static gboolean read_answer(int fd, char *line, gsize size, gint64 deadline, int *out_fd,
			    GError **error)
{
	for (gsize n = 0; n < size; n++) {
		ssize_t got;

		do {
			if (!dial_wait(fd, POLLIN, deadline, WHAT, error))
				return FALSE;
			got = fdpass_receive_one(fd, line + n, 1, out_fd, MSG_DONTWAIT);
		} while (got < 0 && (errno == EINTR || errno == EAGAIN));
		if (got <= 0) {
			g_set_error(error, FAULT, FAULT_DESKTOP,
				    WHAT ": none is made (oriel-nic's log says why)");
			return FALSE;
		}
		if (*out_fd >= 0 || line[n] == '\n') {
			line[n] = '\0';
			return TRUE;
		}
	}
	g_set_error(error, FAULT, FAULT_DESKTOP, WHAT ": a line without an end");
	return FALSE;
}

/* Another process's words, for a log line. */
static void set_refused(const char *line, GError **error)
{
	g_autofree char *words = g_strdup(line);

	for (char *c = words; *c; c++) {
		if (!g_ascii_isprint(*c))
			*c = '?';
	}
	g_set_error(error, FAULT, FAULT_DESKTOP, WHAT ": %s", words);
}

int nic_take(int connection, const char *network, gint64 deadline, GError **error)
{
	gboolean wants_tap = nic_bridge(network) != NULL;
	autofd int fd = connection;
	autofd int tap = -1;
	char line[LINE_BYTES];

	if (!read_answer(fd, line, sizeof(line), deadline, &tap, error))
		return -1;
	if (wants_tap && tap >= 0)
		return autofd_steal(&tap);
	if (!wants_tap && tap < 0 && g_str_equal(line, "ok"))
		return autofd_steal(&fd);
	set_refused(line, error);
	return -1;
}
