/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proxy: the PROXY protocol (haproxy's proxy-protocol.txt, versions 1 and 2): a header in front of
 * a connection that tells the address it was opened from. We write version 2; we read both. Who may
 * send one is for the caller to know: it is believed.
 */
#pragma once

#include <glib.h>

typedef enum {
	PROXY_UNSPEC, /* no address: a health check, a Unix socket */
	PROXY_TCP4,
	PROXY_TCP6,
} ProxyFamily;

typedef struct {
	ProxyFamily family;
	guint8 source[16]; /* network order; the first 4 of them for TCP4 */
	guint8 target[16];
	guint16 source_port;
	guint16 target_port;
} ProxyHeader;

#define PROXY_WRITE_MAX 52 /* bytes that proxy_write() may put out */
#define PROXY_READ_MAX                                                             \
	536 /* of a header with its extensions: the smallest TCP segment, in which \
	     * senders make it fit (RFC 9293, 3.7.1) */

/* Fills a header from two texts "192.0.2.1:80" or "[2001:db8::1]:80". UNSPEC if one of them is NULL
 * or no such address, or if their families differ. */
void proxy_init(ProxyHeader *header, const char *source, const char *target);

/* Version 2; returns its length. */
gsize proxy_write(const ProxyHeader *header, guint8 out[PROXY_WRITE_MAX]);

/*
 * Returns the length of the header at the front of the bytes and fills *out; 0 when more bytes are
 * needed; -1 with FAULT_CLIENT if it is none, or longer than PROXY_READ_MAX. Extensions are
 * skipped.
 */
gssize proxy_parse(const void *bytes, gsize n, ProxyHeader *out, GError **error);

/* The source, the target as "192.0.2.1:80" or "[2001:db8::1]:80"; g_free() it. NULL for UNSPEC. */
char *proxy_source(const ProxyHeader *header);
char *proxy_target(const ProxyHeader *header);
