/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine_power: see machine_power.h. Here: Wake-on-LAN, IPMI, and which it is. */
#include "machine/machine_power.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"
#include "fault.h"
#include "machine/machine_address.h"
#include "machine/redfish.h"
#include "run.h"

#define MAC_BYTES    6
#define WAKE_PORT    9
#define WAKE_TIMES   3 /* a datagram may be lost */
#define IPMI_PORT    623
#define IPMI_SECONDS 30

/* ---- Wake-on-LAN */

/* "MAC[@ADDRESS[:PORT]]" */
static gboolean parse_wake(const char *text, guint8 mac[MAC_BYTES], MachineAddress *out,
			   GError **error)
{
	g_autofree char *where = NULL;
	const char *rest = text;

	for (int i = 0; i < MAC_BYTES; i++, rest += 3) {
		int high = g_ascii_xdigit_value(rest[0]);
		int low = high < 0 ? -1 : g_ascii_xdigit_value(rest[1]);
		char end = low < 0 ? 0 : rest[2];

		if (low < 0 ||
		    (i < MAC_BYTES - 1 ? end != ':' && end != '-' : end != '\0' && end != '@')) {
			g_set_error(error, FAULT, FAULT_CONFIG,
				    "wol:%s: want a MAC address as 52:54:00:12:34:56", text);
			return FALSE;
		}
		mac[i] = (guint8)(high << 4 | low);
	}
	rest = rest[-1] == '@' ? rest : "255.255.255.255";
	where = strchr(rest, ':') ? g_strdup(rest) : g_strdup_printf("%s:%d", rest, WAKE_PORT);
	return machine_address_parse(where, out, error);
}

static gboolean wake(const char *text, GError **error)
{
	g_auto(MachineAddress) address = {0};
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_family = AF_INET};
	struct addrinfo *found = NULL;
	g_autofree char *port = NULL;
	guint8 mac[MAC_BYTES], packet[17 * MAC_BYTES];
	autofd int fd = -1;
	gboolean sent = FALSE;
	int rc;

	if (!parse_wake(text, mac, &address, error))
		return FALSE;
	memset(packet, 0xff, MAC_BYTES);
	for (int i = 1; i <= 16; i++)
		memcpy(packet + i * MAC_BYTES, mac, MAC_BYTES);
	port = g_strdup_printf("%u", address.port);
	rc = getaddrinfo(address.host, port, &hints, &found);
	if (rc != 0) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: %s", address.host, gai_strerror(rc));
		return FALSE;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &(int){1}, sizeof(int));
	for (int i = 0; fd >= 0 && i < WAKE_TIMES; i++)
		sent |= sendto(fd, packet, sizeof(packet), 0, found->ai_addr, found->ai_addrlen) ==
			sizeof(packet);
	if (!sent)
		fault_set_errno(error, FAULT_DESKTOP, address.host);
	freeaddrinfo(found);
	return sent;
}

/* ---- IPMI */

/* "USER@HOST[:PORT]" */
static gboolean parse_ipmi(const char *text, char **out_user, MachineAddress *out, GError **error)
{
	const char *at = strchr(text, '@');
	g_autofree char *where = NULL;

	if (!at || at == text || *text == '-' || at - text > 16) {
		g_set_error(error, FAULT, FAULT_CONFIG, "ipmi:%s: want USER@HOST", text);
		return FALSE;
	}
	where = strchr(at, ':') ? g_strdup(at + 1) : g_strdup_printf("%s:%d", at + 1, IPMI_PORT);
	if (!machine_address_parse(where, out, error))
		return FALSE;
	*out_user = g_strndup(text, (gsize)(at - text));
	return TRUE;
}

/* The password goes through the environment, which only we and root can read. */
static gboolean ipmi_by(const MachinePower *power, const char *suite, const char *verb,
			GError **error)
{
	g_auto(MachineAddress) address = {0};
	g_autofree char *user = NULL, *port = NULL;

	if (!parse_ipmi(power->how + strlen("ipmi:"), &user, &address, error))
		return FALSE;
	port = g_strdup_printf("%u", address.port);
	const char *argv[] = {"ipmitool", "-I", "lanplus", "-H",    address.host, "-p", port,
			      "-U",       user, "-E",      "-C",    suite,        "-N", "2",
			      "-R",       "3",  "chassis", "power", verb,         NULL};

	return run_program_with(argv, "IPMI_PASSWORD", power->password ? power->password : "",
				IPMI_SECONDS, NULL, error);
}

/* With SHA-256, else with SHA-1, which is all that older ones know. Asking them for what they know,
 * as ipmitool does by itself, is what some never answer. */
static gboolean ipmi(const MachinePower *power, const char *verb, GError **error)
{
	g_autoptr(GError) failure = NULL;

	if (ipmi_by(power, "17", verb, &failure))
		return TRUE;
	if (strstr(failure->message, "algorithm"))
		return ipmi_by(power, "3", verb, error);
	g_propagate_error(error, g_steal_pointer(&failure));
	return FALSE;
}

/* ---- for others */

static gboolean is(const char *how, const char *kind)
{
	return g_str_has_prefix(how, kind);
}

gboolean machine_power_check(const char *how, GError **error)
{
	g_auto(MachineAddress) address = {0};
	g_autofree char *user = NULL;
	guint8 mac[MAC_BYTES];

	if (is(how, "wol:"))
		return parse_wake(how + strlen("wol:"), mac, &address, error);
	if (is(how, "ipmi:"))
		return parse_ipmi(how + strlen("ipmi:"), &user, &address, error);
	if (is(how, "redfish:"))
		return redfish_check(how + strlen("redfish:"), error);
	g_set_error(error, FAULT, FAULT_CONFIG,
		    "%s: want wol:MAC, ipmi:USER@HOST or redfish:https://USER@HOST", how);
	return FALSE;
}

gboolean machine_power_do(const MachinePower *power, PowerDeed deed, GError **error)
{
	static const char *const ipmi_verbs[] = {"on", "soft", "off"};

	if (!machine_power_check(power->how, error))
		return FALSE;
	if (is(power->how, "ipmi:"))
		return ipmi(power, ipmi_verbs[deed], error);
	if (is(power->how, "redfish:"))
		return redfish_do(power, deed, error);
	if (deed == POWER_ON)
		return wake(power->how + strlen("wol:"), error);
	g_set_error(error, FAULT, FAULT_CLIENT, "Wake-on-LAN can only switch on");
	return FALSE;
}
