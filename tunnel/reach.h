/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reach: connecting and listening for a tunnel. Descriptors are close-on-exec and non-blocking; TCP
 * connections notice within seconds that the other machine is gone. */
#pragma once

#include <glib.h>

/* Addresses over TCP are "host:port", an IPv6 address in brackets; FAULT_CONFIG. */

/* -1 with FAULT_BROKER or FAULT_TIMEOUT; all addresses of the host are tried. */
int reach_tcp(const char *address, gint64 deadline, GError **error);
int reach_unix(const char *path, GError **error);
/* -1 with FAULT_CONFIG. The Unix socket replaces what was there, mode 0660. */
int reach_listen_tcp(const char *address, GError **error);
int reach_listen_unix(const char *path, GError **error);
/* Whoever came, or -1. */
int reach_accept(int listener);
/* From now on nobody on the other machine is gone because nothing is read there for a while. */
void reach_outlast_pauses(int fd);
