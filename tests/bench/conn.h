/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conn: a blocking connection of the load program: TCP, then TLS, then perhaps a WebSocket. Any
 * failure ends the program with words: a benchmark with a broken session has no result. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

typedef struct {
	int fd;
	SSL *ssl;           /* NULL = plain      */
	gboolean websocket; /* frames around all */
	guint64 frame_left; /* of the frame that is being read */
} Conn;

void conn_open(Conn *conn, const char *host, const char *port);
void conn_start_tls(Conn *conn, SSL_CTX *context);
void conn_close(Conn *conn);

/* From now on TLS takes all that has come with one system call, not a record with two. */
void conn_read_ahead(Conn *conn);
/* TRUE: something has come that the kernel no longer tells of. */
gboolean conn_pending(const Conn *conn);

/* Exactly n bytes. */
void conn_read(Conn *conn, void *bytes, gsize n);
/* n bytes that nobody looks at. */
void conn_skip(Conn *conn, gsize n);
void conn_write(Conn *conn, const void *bytes, gsize n);

void die(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;
