/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secure: mutual TLS 1.3 between the two ends of a tunnel. Both show a certificate that the
 * configured authority has signed for one of the names that the other end expects, and nothing else
 * is heard. What a connection is for is its ALPN.
 *
 * Files are read for each connection, so that renewed ones count at once. Calls block up to their
 * deadline (g_get_monotonic_time()); for a thread of the connection's own.
 */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

#include "options.h"

typedef enum { PURPOSE_CONTROL, PURPOSE_WEB, PURPOSE_DISPLAY } Purpose;

/* True if certificate, key and authority can be used; FAULT_CONFIG. */
gboolean secure_try(const Options *options, GError **error);

/* A handshake over a connected, non-blocking TCP socket, which stays the caller's. NULL with
 * FAULT_TIMEOUT, FAULT_DENIED or FAULT_BROKER. SSL_free() it. */
SSL *secure_connect(const Options *options, int fd, Purpose purpose, gint64 deadline,
		    GError **error);
SSL *secure_accept(const Options *options, int fd, gint64 deadline, Purpose *out_purpose,
		   GError **error);

/* Exactly n bytes, before the deadline. */
gboolean secure_read(SSL *ssl, void *to, gsize n, gint64 deadline, GError **error);
gboolean secure_write(SSL *ssl, const void *from, gsize n, gint64 deadline, GError **error);
