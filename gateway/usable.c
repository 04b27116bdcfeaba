/* SPDX-License-Identifier: GPL-3.0-or-later */
/* usable: see usable.h. */
#include "usable.h"

#include "fault.h"
#include "front/vnc_password.h"
#include "net/address.h"
#include "secret.h"
#include "server_tls.h"

static gboolean has_password(const Options *o, GError **error)
{
	autosecret char *password = NULL;

	return vnc_password_read(o, &password, error);
}

static gboolean has_networks(const Options *o, GError **error)
{
	g_autoptr(GArray) networks = address_networks(o->proxy_from, error);

	if (networks == NULL)
		g_prefix_error(error, "proxy_from: ");
	return networks != NULL;
}

static gboolean are_addresses(char **where, GError **error)
{
	struct sockaddr_storage address;

	for (; *where; where++) {
		if (address_parse(*where, &address) == 0) {
			g_set_error(error, FAULT, FAULT_CONFIG, "listen: %s is no ADDRESS:PORT",
				    *where);
			return FALSE;
		}
	}
	return TRUE;
}

gboolean options_usable(const Options *o, GError **out_unstapled, GError **error)
{
	return server_tls_check(o, out_unstapled, error) && has_password(o, error) &&
	       has_networks(o, error) && are_addresses(o->listen, error) &&
	       are_addresses(o->listen_vnc, error);
}
