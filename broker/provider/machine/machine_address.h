/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine_address: "host:port", "[v6]:port" or "unix:/path", as an admin writes it; the name to log
 * in with on it, where its protocol wants one, before an @ sign. */
#pragma once

#include <glib.h>

typedef struct {
	char *path; /* of a Unix socket, else NULL */
	char *host;
	char *user; /* NULL = none */
	guint16 port;
} MachineAddress;

/* FAULT_CONFIG with the reason. */
gboolean machine_address_parse(const char *text, MachineAddress *out, GError **error);
void machine_address_clear(MachineAddress *address);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MachineAddress, machine_address_clear)
