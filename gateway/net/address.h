/* SPDX-License-Identifier: GPL-3.0-or-later */
/* address: "192.0.2.1:443" and "[2001:db8::1]:443" <-> socket addresses. Numeric only: the gateway
 * asks no name server. */
#pragma once

#include <glib.h>
#include <sys/socket.h>

#define ADDRESS_TEXT 56

/* A v4 address that came in over a v6 socket is written as v4. "" for other families. */
void address_describe(const struct sockaddr_storage *address, char out[ADDRESS_TEXT]);

/* The length of *out, 0 if the text is no address with a port from 1 to 65535. */
socklen_t address_parse(const char *text, struct sockaddr_storage *out);

/* Networks: an array for g_array_unref() from words like "192.0.2.0/24", "2001:db8::/32" or a
 * single address. NULL with FAULT_CONFIG. */
GArray *address_networks(char *const *words, GError **error);

/* Whether an "address:port" lies in one of them. */
gboolean address_within(const GArray *networks, const char *text);

/* The same from a host ("192.0.2.1", "2001:db8::1") and a port. */
socklen_t address_from(const char *host, guint16 port, struct sockaddr_storage *out);

/* Of "address:port": the part that counts as one place, which for IPv6 is the site (a /64): it has
 * more addresses than any limit. g_free() it. */
char *address_place(const char *text);
