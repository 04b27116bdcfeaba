/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream_tls: TLS over any stream, with OpenSSL and a BIO of our own: records are gathered until
 * there is enough for a system call or stream_flush() is called, and TLS inside TLS needs nothing
 * more.
 * A write never puts bytes of two calls into one record: SPICE clients stall when a record holds
 * the end of one message and the start of the next.
 */
#pragma once

#include "buffer.h"
#include "stream.h"

#include <openssl/ssl.h>

/* Takes `below`. As the server: host NULL. As a client: the certificate must be for `host` (a name
 * or an address). early: bytes that were already read from below; taken (left empty); may
 * be NULL. */
Stream *stream_tls_new(SSL_CTX *context, Stream *below, Buffer *early, const char *host);

/* Until IO_DONE; then the stream may be read and written. */
Io stream_tls_handshake(Stream *stream, GError **error);

/* As the server, after the handshake, to a client of TLS 1.3 that may come again: what it needs to
 * come back once without a whole handshake leaves with the next write. */
void stream_tls_offer_ticket(Stream *stream);

/* The same to those alone who have come with such a ticket: each is good for once. */
void stream_tls_renew_ticket(Stream *stream);

/* True for a stream made here. */
gboolean stream_is_tls(const Stream *stream);
