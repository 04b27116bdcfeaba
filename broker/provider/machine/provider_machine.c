/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * provider_machine: a display that is simply there, at a fixed address: a PC under a desk, a VM
 * that others look after. There is nothing to make; it runs if it answers. Where the admin has said
 * how (machine_power.h), it is switched on, and off.
 */
#include "provider.h"

#include <string.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "machine/machine_address.h"
#include "machine/machine_power.h"
#include "secret.h"

#define STATE_SECONDS 3
#define RETRY_MS      200
#define OFF_SECONDS   120 /* a system takes its time to shut down */

/* Has no state, but its callers hold one. */
struct Provider {
	char unused;
};

static Provider *machine_open(const char *uri, const char *dir, const char *accel,
			      ProviderEvent event, gpointer user_data, GError **error)
{
	return g_new0(Provider, 1);
}

static void machine_close(Provider *provider)
{
	g_free(provider);
}

/* Connected, or -1. For a TCP address, *out_host and *out_port say what answered. */
static int reach(const ProviderDesktop *desktop, unsigned seconds, gboolean *out_local,
		 char **out_host, guint16 *out_port, GError **error)
{
	g_auto(MachineAddress) address = {0};

	if (!machine_address_parse(desktop->address, &address, error))
		return -1;
	*out_local = address.path != NULL;
	if (address.path)
		return dial_unix(address.path, dial_deadline(seconds), error);
	*out_port = address.port;
	return dial_tcp(address.host, address.port, dial_deadline(seconds), out_host, error);
}

/* The name to log in with there; NULL = none. */
static char *user_of(const ProviderDesktop *desktop)
{
	g_auto(MachineAddress) address = {0};

	machine_address_parse(desktop->address, &address, NULL);
	return g_steal_pointer(&address.user);
}

static gboolean machine_state(Provider *provider, const ProviderDesktop *desktop,
			      ProviderState *out_state, GError **error)
{
	g_autoptr(GError) failure = NULL;
	g_autofree char *host = NULL;
	gboolean local;
	guint16 port;
	autofd int fd = reach(desktop, STATE_SECONDS, &local, &host, &port, &failure);

	if (fd < 0 && failure->code == FAULT_CONFIG) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return FALSE;
	}
	*out_state = fd >= 0 ? PROVIDER_RUNNING : PROVIDER_STOPPED;
	return TRUE;
}

static gboolean power(const ProviderDesktop *desktop, PowerDeed deed, GError **error)
{
	MachinePower how = {desktop->power, desktop->power_secret, desktop->power_ca};

	if (desktop->power)
		return machine_power_do(&how, deed, error);
	g_set_error(error, FAULT, FAULT_CLIENT, "%s cannot be switched from here", desktop->name);
	return FALSE;
}

static gboolean machine_start(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	return power(desktop, POWER_ON, error);
}

/* It has stopped when its display answers no more. */
static gboolean machine_stop(Provider *provider, const ProviderDesktop *desktop, gboolean force,
			     GError **error)
{
	gint64 deadline = dial_deadline(OFF_SECONDS);
	ProviderState state;

	if (!power(desktop, force ? POWER_FORCE_OFF : POWER_OFF, error))
		return FALSE;
	for (;;) {
		if (!machine_state(provider, desktop, &state, error))
			return FALSE;
		if (state != PROVIDER_RUNNING)
			return TRUE;
		if (dial_milliseconds(deadline) == 0) {
			g_set_error(error, FAULT, FAULT_TIMEOUT, "%s does not shut down",
				    desktop->name);
			return FALSE;
		}
		g_usleep(RETRY_MS * 1000);
	}
}

static unsigned machine_displays(Provider *provider, const ProviderDesktop *desktop)
{
	if (g_strcmp0(desktop->protocol, "rdp") == 0)
		return PROVIDER_RDP;
	return g_strcmp0(desktop->protocol, "spice") == 0 ? PROVIDER_SPICE : PROVIDER_VNC;
}

/* One that was switched on refuses until its system is up. */
static int reach_patiently(const ProviderDesktop *desktop, unsigned seconds, gboolean *out_local,
			   char **out_host, guint16 *out_port, GError **error)
{
	gint64 deadline = dial_deadline(seconds);

	for (;;) {
		g_autoptr(GError) failure = NULL;
		int fd = reach(desktop, MAX(1, dial_milliseconds(deadline) / 1000), out_local,
			       out_host, out_port, &failure);

		if (fd >= 0)
			return fd;
		if (!desktop->power || failure->code == FAULT_CONFIG ||
		    dial_milliseconds(deadline) == 0) {
			g_propagate_error(error, g_steal_pointer(&failure));
			return -1;
		}
		g_usleep(RETRY_MS * 1000);
	}
}

/*
 * For a viewer, the connection of a TCP machine is only a proof that it answers, and of which
 * address does: the gateway makes its own, from where it stands. Somebody on this machine has it
 * as it is: some VNC servers lock out who comes often and does not log in.
 */
static gboolean machine_display(Provider *provider, const ProviderDesktop *desktop,
				const char *protocol, gboolean far, unsigned seconds,
				Endpoint *out_endpoint, int *out_fd, GError **error)
{
	g_autofree char *host = NULL;
	gboolean local = FALSE, near;
	guint16 port = 0;
	autofd int fd = -1;

	if (g_strcmp0(desktop->protocol, protocol) != 0) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: has no %s display", desktop->id,
			    protocol);
		return FALSE;
	}
	fd = reach_patiently(desktop, seconds, &local, &host, &port, error);
	if (fd < 0)
		return FALSE;
	near = local || !far;
	*out_endpoint = (Endpoint){
		.protocol = g_strdup(protocol),
		.has_fd = near,
		.host = near ? NULL : g_steal_pointer(&host),
		.port = near ? 0 : port,
		.username = user_of(desktop),
		.password = secret_dup(desktop->secret),
	};
	*out_fd = near ? autofd_steal(&fd) : -1;
	return TRUE;
}

const ProviderOps provider_machine = {
	.name = "machine",
	.caps = PROVIDER_POWER | PROVIDER_SURVIVES,
	.shows = PROVIDER_VNC | PROVIDER_SPICE | PROVIDER_RDP,
	.open = machine_open,
	.close = machine_close,
	.start = machine_start,
	.stop = machine_stop,
	.state = machine_state,
	.displays = machine_displays,
	.display = machine_display,
};
